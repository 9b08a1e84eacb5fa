"""``neurorl plot DIR...``: draw the learning curves of runs, or the responses of a sweep."""

import argparse
from typing import Any

from neurorl.files import user_path


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "plot",
        help="draw learning curves, or what the fields of a sweep do",
        description="Draw the learning curves of one or more runs, or the best rows and the responses of a sweep or a study.",
    )
    parser.add_argument("dirs", nargs="+", metavar="DIR", help="folder of a run, or of one sweep or study")
    parser.add_argument(
        "--out", metavar="FILE", help="figure [the run's learning_curve.png; comparison.png for several; the sweep's sweep.png]"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.errors import NeurorlError
    from neurorl.results import figures, result

    if sweeps := [directory for directory in arguments.dirs if user_path(directory).joinpath("sweep.json").is_file()]:
        if len(arguments.dirs) > 1:
            raise NeurorlError(f"'{sweeps[0]}' is a sweep, which is drawn alone; give its folder only")
        return draw_sweep(sweeps[0], arguments.out)
    runs = [result.read(directory) for directory in arguments.dirs]
    target = figures.target(arguments.out or (runs[0].folder.learning_curve if len(runs) == 1 else "comparison.png"))
    figures.learning_curve(runs, target)
    print(target)
    return 0


def draw_sweep(path: str, out: str | None) -> int:
    """Draw a sweep; return the exit status."""
    from neurorl.results import figures
    from neurorl.sweeps import figures as of_sweeps

    target = figures.target(out or user_path(path) / "sweep.png")
    of_sweeps.draw(path, target)
    print(target)
    return 0
