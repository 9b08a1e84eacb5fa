"""``neurorl tune FILE.toml --trials N``: search for hyperparameters with Optuna."""

import argparse
from typing import Any

from neurorl.commands import arguments as shared
from neurorl.commands import sweep


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "tune",
        help="search for hyperparameters with Optuna",
        description="Search the fields of [random] and [grid] with Optuna, trials being rows of a sweep (docs/sweeps.md).",
    )
    parser.add_argument("file", metavar="FILE", help="TOML file of the sweep, or its folder")
    parser.add_argument("--trials", type=int, required=True, metavar="N", help="trials that the study is to have in the end")
    parser.add_argument("--storage", metavar="URL", help="any storage of Optuna [study.journal in the folder]")
    sweep.add_runner(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status: 1 where a configuration failed."""
    from neurorl.sweeps import tune

    a = arguments
    report = tune.tune(a.file, a.trials, a.out, a.runner, a.address, a.processes, a.storage, shared.loggers(a))
    sweep.print_failures(report.failures)
    if not a.quiet:
        print(f"study: {report.folder.path}, {report.computed} shards computed now")
        if report.folder.results.is_file():
            sweep.show_best(report.folder.path, 5)
    return 1 if report.failures else 0
