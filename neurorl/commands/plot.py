"""``neurorl plot DIR...``: draw learning curves."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser("plot", help="draw learning curves", description="Draw the learning curves of one or more runs.")
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="folder of a run")
    parser.add_argument("--out", metavar="FILE", help="figure [the run's learning_curve.png; comparison.png for several]")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.results import figures, result

    runs = [result.read(directory) for directory in arguments.dirs]
    target = figures.target(arguments.out or (runs[0].folder.learning_curve if len(runs) == 1 else "comparison.png"))
    figures.learning_curve(runs, target)
    print(target)
    return 0
