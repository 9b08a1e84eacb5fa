"""``neurorl resume DIR``: go on with an interrupted run."""

import argparse
from typing import Any

from neurorl.commands import arguments as shared
from neurorl.commands.train import report


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser("resume", help="go on with an interrupted run", description="Go on with an interrupted run.")
    parser.add_argument("dir", metavar="DIR", help="folder of the run")
    shared.add_made(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no report")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.results import run_folder
    from neurorl.runs import progress
    from neurorl.runs.training import resume

    compute_inline()

    folder, _ = run_folder.open_run(arguments.dir)
    if folder.complete:
        print(f"run '{arguments.dir}' is complete; there is nothing to resume")
        return 0
    meters: list[progress.Progress] = [] if arguments.quiet else [progress.Bar()]
    if folder.tensorboard.is_dir():
        meters.append(progress.TensorBoard())
    finished = resume(arguments.dir, **shared.made(arguments), progress=progress.Several(*meters))
    if not arguments.quiet:
        report(finished)
    return 0
