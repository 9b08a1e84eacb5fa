"""Checkpoints by Orbax, each a folder ``checkpoints/STEP`` that appears by one rename when it is whole."""

import logging
import shutil
from pathlib import Path
from typing import Any

import jax

from neurorl.errors import NeurorlError


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
    try:
        with _checkpointer() as checkpointer:
            checkpointer.save((folder / str(step)).absolute(), learners, force=True)
    except Exception as error:  # whatever Orbax and the storage below it make of a full disk
        for left in folder.glob(f"{step}.orbax-checkpoint-tmp*"):
            shutil.rmtree(left, ignore_errors=True)
        raise OSError(f"checkpoint {step} cannot be written ({_reason(error)})") from error


def restore(folder: Path, step: int, template: Any) -> Any:
    """Return the learners of a checkpoint.

    Args:
        folder: The run's checkpoints.
        step: Which one.
        template: Learners of the same shape.

    Raises:
        NeurorlError: The checkpoint is missing, damaged, or of another shape.
    """
    path = (folder / str(step)).absolute()
    if not path.is_dir():
        there = ", ".join(map(str, steps(folder))) or "none"
        raise NeurorlError(f"there is no checkpoint {step}; there are {there}")
    abstract = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), template)
    try:
        with _checkpointer() as checkpointer:
            return checkpointer.restore(path, abstract)
    except Exception as error:  # whatever Orbax and the storage below it raise for a damaged file
        raise NeurorlError(
            f"checkpoint '{folder / str(step)}' is damaged or of another shape ({_reason(error)}); "
            "delete that folder to go on from the one before it"
        ) from error


def _checkpointer() -> Any:
    import orbax.checkpoint as ocp

    logging.getLogger("absl").setLevel(logging.ERROR)
    return ocp.StandardCheckpointer()


def _reason(error: BaseException) -> str:
    """Return the first line of what was wrong first: what follows from it says less."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
