import json
from pathlib import Path

from experiments.benchmarks.speed import table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_the_numbers_that_were_measured():
    results = json.loads(table.RESULT.read_text())
    assert table.table(results) in README.read_text()
    assert results["W2"]["provenance"]["date"] in README.read_text()
    assert results["W2"]["provenance"]["processor"] in README.read_text()
