"""A process of the pool: tasks come as lines of JSON on standard input, and outcomes leave as lines on standard output.

    python -m neurorl.sweeps.runners.worker FOLDER

When the input ends, because the sweep is done or because it was killed, the process ends at once, within a shard too: nothing
goes on that nobody waits for.
"""

import json
import os
import queue
import sys
import threading
from pathlib import Path

from neurorl.sweeps.runners.runner import prepare


def main() -> None:
    """Serve until the input ends."""
    prepare()
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what an environment prints is no reply
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    from neurorl.sweeps.runners.local import run_task

    while True:
        replies.write(json.dumps(run_task(json.loads(tasks.get()), Path(sys.argv[1]))._asdict()) + "\n")


def _read(tasks: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
