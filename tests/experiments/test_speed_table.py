import json
from pathlib import Path

from experiments.benchmarks.speed import table

PAGE = Path(__file__).parents[2] / "docs/speed.md"


def test_the_readme_shows_the_numbers_that_were_measured():
    results = json.loads(table.RESULT.read_text())
    assert table.table(results) in PAGE.read_text()
    assert results["W2"]["provenance"]["date"] in PAGE.read_text()
    assert results["W2"]["provenance"]["processor"] in PAGE.read_text()
