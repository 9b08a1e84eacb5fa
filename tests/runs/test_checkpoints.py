"""Checkpoints: what is written comes back to the bit, and what is damaged is refused in a sentence."""

import errno
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.loops.keys import key_of
from neurorl.runs import checkpoints

LEARNERS = {
    "agent": (jnp.arange(6.0).reshape(2, 3), jnp.array([True, False]), ()),
    "key": jax.vmap(key_of)(jnp.arange(2)),
    "half": jnp.arange(4, dtype=jnp.bfloat16),
    "step": jnp.int32(7),
    "none": None,
}


def same(a, b):
    data = [checkpoints._data(leaf) for tree in (a, b) for leaf in jax.tree.leaves(tree)]
    half = len(data) // 2
    assert jax.tree.structure(a) == jax.tree.structure(b)
    assert all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(data[:half], data[half:], strict=True))


def test_every_kind_of_array_comes_back(tmp_path):
    checkpoints.save(tmp_path, 7, LEARNERS)
    same(checkpoints.restore(tmp_path, 7, LEARNERS), LEARNERS)
    assert checkpoints.steps(tmp_path) == [7]


def test_a_checkpoint_of_the_same_step_is_replaced(tmp_path):
    for value in (1.0, 2.0):
        checkpoints.save(tmp_path, 3, jnp.float32(value)[None])
    assert checkpoints.restore(tmp_path, 3, jnp.zeros(1)) == 2.0


@pytest.mark.parametrize("damage", ["gone", "short", "empty", "turned", "text"])
def test_a_damaged_checkpoint_is_refused_in_a_sentence(tmp_path, capfd, damage):
    checkpoints.save(tmp_path, 7, LEARNERS)
    file = tmp_path / "7" / checkpoints.FILE
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        middle = content.index(np.arange(6.0, dtype=np.float32).tobytes()) + 9
        turned = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
        file.write_bytes({"short": content[: len(content) // 2], "empty": b"", "turned": turned, "text": b"hello"}[damage])
    with pytest.raises(NeurorlError, match=r"checkpoint '.*7' is damaged \(.+\); delete that folder"):
        checkpoints.restore(tmp_path, 7, LEARNERS)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ({**LEARNERS, "half": jnp.zeros(5, jnp.bfloat16)}, r"'\['half'\]' is .*\[4\] and should be bfloat16\[5\]"),
        ({**LEARNERS, "more": jnp.zeros(1)}, r"'\['more'\]' is missing"),
        ({name: value for name, value in LEARNERS.items() if name != "step"}, r"it has '\['step'\]' too"),
    ],
)
def test_a_checkpoint_of_something_else_is_named(tmp_path, template, says):
    checkpoints.save(tmp_path, 7, LEARNERS)
    with pytest.raises(NeurorlError, match=says):
        checkpoints.restore(tmp_path, 7, template)


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(tmp_path, 7, LEARNERS)
    assert list(tmp_path.iterdir()) == []


def test_half_a_checkpoint_is_none(tmp_path):
    checkpoints.save(tmp_path, 7, LEARNERS)
    shutil.copytree(tmp_path / "7", tmp_path / ".8.123")
    assert checkpoints.steps(tmp_path) == [7]
    with pytest.raises(NeurorlError, match="there is no checkpoint 8; there are 7"):
        checkpoints.restore(tmp_path, 8, LEARNERS)
