"""The runner of this machine: a pool of processes that do not depend on each other.

A process that dies takes its shard in flight with it and nothing else: another process begins in its place and computes the
shard again. A shard that kills its process every time is given up.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurorl.backend import cores
from neurorl.sweeps.runners.runner import Outcome

ATTEMPTS = 3  # of a shard whose process dies


class Pool:
    """Computes shards in processes."""

    def __init__(self, processes: int | None = None):
        """Use a number of processes, by default one for each core that this process may use."""
        self.width = processes or cores()

    def run(self, tasks: list[dict[str, Any]], folder: Path) -> Iterator[Outcome]:
        """Yield each outcome; see :class:`neurorl.sweeps.runners.Runner`."""
        waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        for task in tasks:
            waiting.put(task)
        servers = [_Server(waiting, outcomes, folder) for _ in range(min(self.width, len(tasks)))]
        for server in servers:
            server.start()
        try:
            for _ in tasks:
                yield outcomes.get()
        finally:
            for server in servers:
                server.stop()


class _Server(threading.Thread):
    """Gives tasks to one process after the other."""

    def __init__(self, waiting: Any, outcomes: Any, folder: Path):
        super().__init__(daemon=True)
        self.waiting, self.outcomes, self.folder = waiting, outcomes, folder
        self.stopped, self.lock = False, threading.Lock()
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Serve until no task is waiting."""
        while not self.stopped:
            try:
                task = self.waiting.get_nowait()
            except queue.Empty:
                break
            self.outcomes.put(self._serve(task))
        self.stop()

    def stop(self) -> None:
        """End the process, whatever it does."""
        with self.lock:
            self.stopped = True
            if self.process is not None:
                self.process.kill()
                self.process.wait()

    def _serve(self, task: dict[str, Any]) -> Outcome:
        for _ in range(ATTEMPTS):
            process = self._living()
            if process is None:
                break
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(task) + "\n")
                process.stdin.flush()
                reply = process.stdout.readline()
            except OSError:  # it died before it read the task
                reply = ""
            if reply.endswith("\n"):
                return Outcome(**json.loads(reply))
            process.wait()
        ended = "" if self.process is None else f", last with status {self.process.returncode}"
        return Outcome(task["name"], f"its process ended {ATTEMPTS} times in a row{ended}")

    def _living(self) -> "subprocess.Popen[str] | None":
        """Return the process, a new one where it has died; None where the pool has stopped."""
        with self.lock:
            if self.stopped:
                return None
            if self.process is None or self.process.poll() is not None:
                command = [sys.executable, "-m", "neurorl.sweeps.runners.worker", os.fspath(self.folder.absolute())]
                # A session of its own: Ctrl-C reaches this process only, which then stops the others.
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
                )
            return self.process
