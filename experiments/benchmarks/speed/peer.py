"""A case that lives in another process and, if need be, in another Python."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from experiments.benchmarks.speed.peers import FILES, PACKAGES

FOLDER = Path(__file__).resolve().parent / "peers"


class Unavailable(Exception):
    """The peer is not installed, cannot do this workload, or failed; the message says which."""


class Peer:
    """A workload in another simulator."""

    def __init__(self, name: str, workload: str, python: str) -> None:
        self.name, self.workload, self.python = name, workload, python
        self.steps = 0
        self.version = ""

    def prepare(self) -> None:
        """Start the process.

        Raises:
            Unavailable: It did not get as far as its first answer.
        """
        if (self.name, self.workload) not in FILES:
            raise Unavailable(f"there is no {self.workload} for {self.name}")
        find = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({PACKAGES[self.name]!r}) is None)"
        if subprocess.run([self.python, "-c", find]).returncode:
            raise Unavailable(f"{self.name} is not installed in {self.python}")
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(Path(self.folder.name) / "log", "w+")  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            [self.python, FOLDER / FILES[self.name, self.workload], self.workload],
            cwd=self.folder.name,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        first = self._answer()
        self.version, self.steps, self._check = first["version"], first["steps"], first["check"]

    def run(self, steps: int) -> float:
        assert self.process.stdin
        print(steps, file=self.process.stdin, flush=True)
        return self._answer()["seconds"]

    def check(self) -> dict[str, Any]:
        return self._check

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def _environment(self) -> dict[str, str]:
        """Return this process's environment with the other Python first on the path, and without this one's packages."""
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        # XLA, where the peer has it, is to use vectors as wide as neurorl's and C's.
        kept["XLA_FLAGS"] = f"{kept.get('XLA_FLAGS', '')} --xla_cpu_prefer_vector_width=512".strip()
        return {**kept, "OMP_NUM_THREADS": "1", "PATH": f"{Path(self.python).parent}:{kept['PATH']}"}

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = next((line for line in self.process.stdout if line.startswith("{")), "")  # some simulators greet
        values = json.loads(line) if line else {"error": "it ended without an answer"}
        if "error" in values:
            self.log.seek(0)
            tail = self.log.read()[-600:].strip()
            self.close()
            raise Unavailable(f"{self.name} on {self.workload}: {values['error']}\n{tail}")
        return values
