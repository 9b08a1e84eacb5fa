"""Which loop trains which task."""

from typing import Any

from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop

LOOPS: dict[str, Any] = {"jax": JaxLoop, "host": HostLoop}  # by ``Task.loop``
