"""What the folder of a run says, without its environment and its agent: neither is made, or needs to exist any more."""

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorl.errors import NeurorlError
from neurorl.results import curves, run_folder
from neurorl.results.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """A run as its files show it, finished or not."""

    def __init__(self, folder: RunFolder, values: dict[str, Any]):
        """Wrap a folder and the content of its config.json; :func:`read` finds both."""
        self.folder, self.values = folder, values

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @functools.cached_property
    def summary(self) -> dict[str, Any]:
        """Content of summary.json."""
        if not self.folder.complete:
            raise NeurorlError(f"run '{self.path}' is not complete; go on with: neurorl resume {self.path}")
        return run_folder.read_json(self.folder.summary)

    @property
    def threshold(self) -> float | None:
        """The return at which the task counts as solved; None where nobody says."""
        stated = self.values.get("task") or (self.summary if self.folder.complete else {})  # early runs state it in the summary
        return stated.get("threshold")

    @property
    def training(self) -> "pd.DataFrame":
        """Training curve, one row a seed and point."""
        return _frame(self.folder.training)

    @property
    def evaluation(self) -> "pd.DataFrame":
        """Evaluation curve, one row a seed and evaluation."""
        return _frame(self.folder.evaluation)

    @property
    def episodes(self) -> "pd.DataFrame":
        """Training episodes that ended, one row each; empty unless the run logged them."""
        return _frame(self.folder.episodes)


def read(path: str | os.PathLike[str]) -> Result:
    """Return what a run's folder says."""
    return Result(*run_folder.open_run(path))


def _frame(path: Path) -> "pd.DataFrame":
    import pandas as pd

    table = curves.read(path)
    return pd.DataFrame() if table is None else table.to_pandas()
