"""Ctrl-C, SIGTERM (schedulers) and SIGHUP (a terminal that closes) wait for a moment at which a run can be saved."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from neurorl.errors import NeurorlError

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(NeurorlError):
    """A signal: the run was saved and can be resumed."""

    def __init__(self, message: str, signum: int):
        """Say what was saved; ``signum`` is the signal's number."""
        super().__init__(message)
        self.signum = signum


class Stopped(KeyboardInterrupt):
    """A signal where nothing waits for it: what runs ends as by Ctrl-C, and cleans up."""

    def __init__(self, signum: int):
        """Keep the signal's number."""
        super().__init__()
        self.signum = signum


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Let the signals end a program as Ctrl-C does, by an exception."""

    def stop(signum: int, _: FrameType | None) -> None:
        raise Stopped(signum)

    with _handled(stop):
        yield


@contextlib.contextmanager
def deferred() -> Iterator[Callable[[], int | None]]:
    """Let a first signal wait, and a second one end the program; yields what returns the number of the one that came."""
    came: list[int] = []

    def ask(signum: int, _: FrameType | None) -> None:
        came.append(signum)
        if len(came) > 1:
            raise Stopped(signum)

    with _handled(ask):
        yield lambda: came[0] if came else None


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    previous = {}
    try:
        for each in SIGNALS:
            # nohup, and a shell that puts a program into the background, ignore a signal so that the program lives on.
            if signal.getsignal(each) is not signal.SIG_IGN or each == signal.SIGTERM:
                previous[each] = signal.signal(each, handler)
    except ValueError:  # not in the main thread: signals go there
        pass
    try:
        yield
    finally:
        for each, before in previous.items():
            signal.signal(each, before)
