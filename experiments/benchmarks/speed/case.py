"""What the benchmark asks of an implementation of a workload."""

from typing import Any, Protocol


class Case(Protocol):
    """One implementation of one workload.

    Each workload file has the functions ``neurorl_cases()``, one case or several modes, and ``c_cases()``, and ``EXPECTED``, what
    their checks must come to: name -> value, tolerance. A peer's file is described in :mod:`experiments.benchmarks.speed.peers`.
    """

    name: str  # "neurorl", "neurorl K=1", "C", "BrainPy": a column of the table
    steps: int  # steps of one measurement, chosen so that it takes a third of a second to a second

    def prepare(self) -> None:
        """Build, compile and warm up, so that :meth:`run` times steps alone."""

    def run(self, steps: int) -> float:
        """Advance by ``steps`` from where the last run ended, and return the processor seconds they took."""

    def check(self) -> dict[str, Any]:
        """Run afresh from t = 0 and return the values that say whether the work was done: mean weight, rate in Hz.

        A peer that cannot start afresh goes on from its warm-up.
        """
