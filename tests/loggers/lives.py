"""Lives of a run that is killed: ``python -m tests.loggers.lives FOLDER LOGGER [STEP]`` trains, or goes on, and dies at a step.

It is killed by SIGKILL right after the loggers were told of the point at STEP, so that what they hold in memory is lost.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

TINY = {"seeds": 2, "steps": 100, "eval_every": 10, "log_every": 10, "checkpoint_every": 20, "eval_episodes": 1}
ROOT = Path(__file__).parents[2]


def live(folder, logger, step=None, **environment):
    """Be born in a process of its own; return how it ended."""
    command = [sys.executable, "-m", "tests.loggers.lives", str(folder), logger, *([] if step is None else [str(step)])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=Path(folder).parent, env=environment, timeout=300).returncode


def main(folder, logger, step=-1):
    import neurorl

    def die(point):
        if point.step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    if os.path.exists(os.path.join(folder, "config.json")):
        neurorl.resume(folder, loggers=[die])
    else:
        neurorl.train("CartPole-v1", "random", out=folder, loggers=[logger, die], **TINY)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
