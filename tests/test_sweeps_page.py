"""The page docs/sweeps.md, run from top to bottom as a reader would."""

import re
from pathlib import Path

import pytest

from tests.test_extending_page import FENCE, folder, run_page  # noqa: F401 (a fixture)

PAGE = Path(__file__).parents[1] / "docs" / "sweeps.md"
TOML = re.compile(r"# (\w+\.toml)\n")


@pytest.mark.slow
def test_every_block_of_the_page_runs(folder):  # noqa: F811
    pytest.importorskip("optuna")
    text = PAGE.read_text()
    for match in FENCE.finditer(text):
        if match[1] == "toml":
            (folder / TOML.match(match[2])[1]).write_text(match[2])
    ran = run_page(text, folder, str(PAGE))
    assert ran == ["neurorl sweep"] * 2 + ["python"] * 2 + ["neurorl tune"] + ["neurorl train"] * 2 + ["neurorl compare"]
    assert (folder / "comparison.csv").is_file()
    assert (folder / "runs/first/results.parquet").is_file()
