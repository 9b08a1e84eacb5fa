"""The command line; each command is a file of ``neurorl.commands``."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

import neurorl
from neurorl.commands import compare, evaluate, plot, report, resume, sweep, train, tune
from neurorl.commands import list as list_
from neurorl.errors import NeurorlError, nearest

_MODULES = (train, resume, evaluate, plot, compare, sweep, tune, report, list_)
COMMANDS = {module.__name__.rpartition(".")[2]: module for module in _MODULES}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"neurorl: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 failed, 2 not understood, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        sys.stderr.write(f"neurorl: unknown command '{arguments[0]}'{nearest(arguments[0], COMMANDS)}; see neurorl --help\n")
        return 2
    parsed = _parser().parse_args(arguments)
    sys.path.insert(0, "")  # so that module:id and module:Class find files in the present folder, as python -m does
    try:
        return parsed.command(parsed)
    except NeurorlError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 130 if type(error).__name__ == "Interrupted" else 1
    except KeyboardInterrupt:
        sys.stderr.write("neurorl: interrupted; what was saved can be resumed\n")
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="neurorl", description="Spiking reinforcement learning in JAX.")
    parser.add_argument("--version", action="version", version=f"neurorl {neurorl.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS.values():
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
