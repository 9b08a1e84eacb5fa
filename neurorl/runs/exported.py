"""A run as one file: the learners' states as safetensors, and the configuration as JSON in its metadata.

What an environment and an episode in progress hold stays behind, except what wrappers gathered in training: observations need it.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

import neurorl
from neurorl.errors import NeurorlError
from neurorl.files import user_path, write_atomically
from neurorl.loops.learners import Learners
from neurorl.runs import checkpoints

FORMAT = 1  # of the metadata
ZOO = Path(__file__).resolve().parents[1] / "zoo"
SUFFIX = ".safetensors"


class Exported(NamedTuple):
    """What such a file holds."""

    values: dict[str, Any]  # config.json
    step: int  # environment steps that the learners have taken
    arrays: dict[str, np.ndarray]  # by their place in the learners
    summary: dict[str, Any] | None

    def learners(self, template: Learners, where: str) -> Learners:
        """Return the learners, in the environments and with the episodes of ``template``."""
        kept = _kept(template)
        agent, world = checkpoints.filled(kept, self.arrays, f"file '{where}'")
        own = template.world if isinstance(world, tuple) else world
        return template._replace(agent=agent, step=template.step + self.step, world=own)


def write(path: Path, values: dict[str, Any], learners: Learners, summary: dict[str, Any] | None) -> None:
    """Write learners into a file, which is there only when it is whole."""
    arrays = {place: np.ascontiguousarray(array) for place, array in checkpoints.arrays_of(_kept(learners)).items()}
    about = {"format": FORMAT, "version": neurorl.__version__, "step": int(learners.step), "config": values, "summary": summary}
    metadata = {"neurorl": json.dumps(about, allow_nan=False)}
    content = save(arrays, metadata)  # bytes: what safetensors opens itself nobody else may read
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def read(path: Path) -> Exported:
    """Return what a file holds.

    Raises:
        NeurorlError: It is no such file, damaged, or of a later version.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get("neurorl")
            about = json.loads(text) if text is not None else None
            arrays = {name: file.get_tensor(name) for name in file.keys()} if about else {}  # noqa: SIM118, it is no dictionary
    except (OSError, SafetensorError, ValueError) as error:
        raise NeurorlError(f"'{path}' cannot be read as safetensors: {error}") from error
    if not isinstance(about, dict):
        raise NeurorlError(f"'{path}' holds no run of neurorl: it has no 'neurorl' in its metadata")
    if about.get("format") != FORMAT:
        raise NeurorlError(f"'{path}' has format {about.get('format')}; this neurorl reads format {FORMAT}")
    return Exported(about["config"], int(about["step"]), arrays, about["summary"])


def find(path: str | os.PathLike[str]) -> Path | None:
    """Return the file that a path names, one of the zoo where it is ``zoo/NAME`` and nothing else is there; None for a folder."""
    given = user_path(path)
    if given.is_file():
        return given
    parts = given.parts
    if given.exists() or len(parts) < 2 or parts[0] != "zoo":
        return None
    name = "/".join(parts[1:]).removesuffix(SUFFIX)
    if name not in zoo():
        raise NeurorlError(f"there is no '{name}' in the zoo, but {', '.join(zoo())}")
    return ZOO / f"{name}{SUFFIX}"


def zoo() -> list[str]:
    """Return the names of the trained agents that come with the package."""
    return sorted(file.relative_to(ZOO).as_posix().removesuffix(SUFFIX) for file in ZOO.rglob(f"*{SUFFIX}"))


def _kept(learners: Learners) -> tuple[Any, Any]:
    """Return the agents' states, and what wrappers gathered; () where the world is an environment's state."""
    world = learners.world
    return learners.agent, () if isinstance(world, tuple) else world
