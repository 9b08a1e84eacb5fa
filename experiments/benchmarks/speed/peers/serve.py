"""The other end of :class:`experiments.benchmarks.speed.peer.Peer`: answers requests on standard input with JSON lines."""

import importlib.metadata
import json
import os
import sys
import traceback
from typing import Any


def serve(package: str, cases: dict[str, Any]) -> None:
    """Prepare the workload named on the command line, and run it as often as asked: a line "steps" in, a line of JSON out."""
    # What the simulators and their compilers print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**values: Any) -> None:
        print(json.dumps(values), file=answers, flush=True)

    try:
        case = cases[sys.argv[1]]()
        case.prepare()
        answer(version=importlib.metadata.version(package), steps=case.steps, check=getattr(case, "check", dict)())
        for line in sys.stdin:
            answer(seconds=case.run(int(line)))
    except Exception as error:
        traceback.print_exc()
        answer(error=f"{type(error).__name__}: {error}")
