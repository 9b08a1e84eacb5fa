"""``neurorl resume DIR``: go on with a run that was interrupted, or that is to take more steps."""

import argparse
from typing import Any

from neurorl.commands import arguments as shared
from neurorl.commands.train import report


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "resume",
        help="go on with a run",
        description="Go on with a run that was interrupted, or that is to take more steps. Its loggers go on too.",
    )
    parser.add_argument("dir", metavar="DIR", help="folder of the run")
    parser.add_argument("--steps", type=int, metavar="N", help="environment steps that every learner is to have taken in the end")
    shared.add_made(parser)
    shared.add_loggers(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.results import run_folder
    from neurorl.runs.training import resume

    folder, values = run_folder.open_run(arguments.dir)
    compute_inline(shared.devices({"group": values.get("seeds"), **values}, values.get("loop") == "jax"))
    if folder.complete and arguments.steps is None:
        print(f"run '{arguments.dir}' is complete; there is nothing to resume, unless --steps N says how many more it is to take")
        return 0
    finished = resume(arguments.dir, **shared.made(arguments), loggers=shared.loggers(arguments), steps=arguments.steps)
    if not arguments.quiet:
        report(finished)
    return 0
