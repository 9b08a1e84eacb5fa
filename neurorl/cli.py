"""The command line; each command is a file of ``neurorl.commands``."""

import argparse
import contextlib
import gc
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import neurorl
from neurorl.commands import compare, evaluate, export, plot, report, resume, sweep, train, tune
from neurorl.commands import list as list_
from neurorl.errors import NeurorlError, NeurorlWarning, nearest
from neurorl.interrupts import Interrupted, stopping

_MODULES = (train, resume, evaluate, export, plot, compare, sweep, tune, report, list_)
COMMANDS = {module.__name__.rpartition(".")[2]: module for module in _MODULES}


class _Parser(argparse.ArgumentParser):
    fill: Callable[[argparse.ArgumentParser], None] | None = None  # adds arguments whose declaration takes time to import

    def parse_known_args(self, *arguments: Any, **named: Any) -> Any:
        if self.fill is not None:
            self.fill(self)
        return super().parse_known_args(*arguments, **named)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"neurorl: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 failed, 2 not understood, 128 + N ended by signal N (130: Ctrl-C)."""
    with _rare_collections():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        sys.stderr.write(f"neurorl: unknown command '{arguments[0]}'{nearest(arguments[0], COMMANDS)}; see neurorl --help\n")
        return 2
    parsed = _parser().parse_args(arguments)
    sys.path.insert(0, "")  # so that module:id and module:Class find files in the present folder, as python -m does
    try:
        with stopping(), warnings.catch_warnings():
            warnings.showwarning = _one_sentence(warnings.showwarning)
            return parsed.command(parsed)
    except NeurorlError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 128 + error.signum if isinstance(error, Interrupted) else 1
    except KeyboardInterrupt as stop:
        sys.stderr.write("neurorl: interrupted; what was saved can be resumed\n")
        return 128 + getattr(stop, "signum", 2)
    except BrokenPipeError:
        return 1
    except OSError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 1


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage rarely: compiling makes millions of small objects that stay, and looking takes a seventh of a start."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _one_sentence(others: Callable[..., None]) -> Callable[..., None]:
    """Return how warnings are shown: ours as a sentence, others as they were."""

    def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, NeurorlWarning):
            sys.stderr.write(f"neurorl: {message}\n")
        else:
            others(message, category, *where, **more)

    return show


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="neurorl", description="Spiking reinforcement learning in JAX.")
    parser.add_argument("--version", action="version", version=f"neurorl {neurorl.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS.values():
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
