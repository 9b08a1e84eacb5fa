"""Checkpoints: a folder ``checkpoints/STEP``, with one file in it, that appears by one rename when it is whole.

The file is NumPy's ``npz``: every array of the learners under its place in their tree, each with a checksum, which is read too.
"""

import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurorl.errors import NeurorlError

FILE = "learners.npz"


def steps(folder: Path) -> list[int]:
    """Return the steps of the finished checkpoints, ascending."""
    if not folder.is_dir():
        return []
    return sorted(int(child.name) for child in folder.iterdir() if child.is_dir() and child.name.isdigit())


def save(folder: Path, step: int, learners: Any) -> None:
    """Write a checkpoint, replacing one of the same step.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    temporary, target = folder / f".{step}.{os.getpid()}", folder / str(step)
    try:
        temporary.mkdir(parents=True, exist_ok=True)  # a run that was killed at once has no folder yet
        with open(temporary / FILE, "wb") as file:
            np.savez(file, **arrays_of(learners))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())  # before the rename, so that it is whole after a power cut too
        if target.exists():
            shutil.rmtree(target)
        os.replace(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def restore(folder: Path, step: int, template: Any) -> Any:
    """Return the learners of a checkpoint.

    Args:
        folder: The run's checkpoints.
        step: Which one.
        template: Learners of the same shape.

    Raises:
        NeurorlError: The checkpoint is missing, damaged, or of another shape.
    """
    return filled(template, read(folder, step), f"checkpoint '{folder / str(step)}'")


def read(folder: Path, step: int) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint by their place in the learners; errors as of :func:`restore`."""
    path = folder / str(step)
    if not path.is_dir():
        there = ", ".join(map(str, steps(folder))) or "none"
        raise NeurorlError(f"there is no checkpoint {step}; there are {there}")
    try:
        with np.load(path / FILE) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise NeurorlError(
            f"checkpoint '{path}' is damaged ({_reason(error)}); delete that folder to go on from the one before it"
        ) from error


def arrays_of(tree: Any) -> dict[str, np.ndarray]:
    """Return every array of a tree under its place in it, random keys as their words."""
    return {place: np.asarray(_data(leaf)) for place, leaf in _leaves(tree)}


def filled(template: Any, arrays: dict[str, np.ndarray], where: str) -> Any:
    """Return a tree like ``template`` with the arrays that :func:`arrays_of` gave; ``where`` is the file, for messages.

    Raises:
        NeurorlError: An array is missing, or has another shape, or is one too many.
    """
    arrays, leaves = dict(arrays), []
    for place, like in _leaves(template):
        data = _data(like)
        found = arrays.pop(place, None)
        if found is None or found.shape != data.shape or found.dtype.itemsize != data.dtype.itemsize:
            there = "missing" if found is None else f"{found.dtype}{list(found.shape)}"
            raise NeurorlError(
                f"{where} is of another agent, environment or version: '{place}' is {there} and should be "
                f"{data.dtype}{list(data.shape)}"
            )
        array = jnp.array(found.view(data.dtype))  # a view: NumPy reads the dtypes that it does not have as bytes
        leaves.append(jax.random.wrap_key_data(array, impl=jax.random.key_impl(like)) if _is_key(like) else array)
    if arrays:
        raise NeurorlError(f"{where} is of another agent, environment or version: it has '{next(iter(arrays))}' too")
    return jax.tree.unflatten(jax.tree.structure(template), leaves)


def _leaves(learners: Any) -> list[tuple[str, Any]]:
    """Return every array with its place in the tree."""
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(learners)]


def _is_key(leaf: Any) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _data(leaf: Any) -> Any:
    """Return an array as numbers: the words of a random key."""
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"it has no {FILE}"
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
