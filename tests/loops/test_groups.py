"""Learners in groups: each is a program of the size that was asked for, and no bit depends on how many devices there are."""

import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurorl
from neurorl import groups
from neurorl.backend import cores
from neurorl.commands import arguments
from neurorl.envs import registry
from neurorl.errors import NeurorlWarning
from neurorl.groups import Grouped
from neurorl.loops.jax_loop import JaxLoop
from neurorl.runs import checkpoints, config, training
from neurorl.runs.options import Options

# Five learners in groups of two: on two devices one has two groups, and the last group is filled up.
RUN = {"seeds": 5, "group": 2, "steps": 120, "eval_every": 60, "log_every": 40, "checkpoint_every": 60, "eval_episodes": 2}
FILES = ("training.parquet", "evaluation.parquet", "checkpoints/120/learners.npz")

ON_TWO_DEVICES = """
import sys, jax, neurorl
from pathlib import Path
from neurorl.backend import compute_inline
from neurorl import groups
compute_inline(2)
out = Path(sys.argv[1])
assert len(groups.devices(3)) == 2
{train}
neurorl.resume(out / "begun-on-one")
with jax.default_device(jax.local_devices()[1]):
    assert groups.devices(3) == jax.local_devices()[1:]
"""


def content(run):
    """Return the results and the learners of a run."""
    with np.load(run / FILES[-1]) as stored:
        learners = {name: stored[name].tobytes() for name in stored.files}
    return [(run / name).read_bytes() for name in FILES[:2]], learners


def cut(run, to):
    """Copy a run as it was at half of its steps."""
    shutil.copytree(run, to)
    (to / "summary.json").unlink()
    shutil.rmtree(to / "checkpoints/120")


@pytest.mark.parametrize("agent", ["linear-sarsa", pytest.param("spiking-actor-critic", marks=pytest.mark.slow)])
def test_a_run_moves_between_one_device_and_two_and_keeps_every_bit(tmp_path, agent):
    one = neurorl.train("CartPole-v1", agent, out=tmp_path / "on-one", **RUN).path
    cut(one, tmp_path / "begun-on-one")
    train = f"neurorl.train('CartPole-v1', '{agent}', out=out / 'on-two', **{RUN})"
    code = ON_TWO_DEVICES.format(train=train)
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=600)
    cut(tmp_path / "on-two", tmp_path / "begun-on-two")
    neurorl.resume(tmp_path / "begun-on-two")
    for other in ("on-two", "begun-on-one", "begun-on-two"):
        assert content(tmp_path / other) == content(one), other


@pytest.mark.parametrize(("learners", "most", "width"), [(7, 3, 3), (8, 4, 4), (5, 4, 3), (9, 2, 2), (1, 3, 1), (4, None, 4)])
def test_every_group_has_the_size_that_follows_from_the_configuration(learners, most, width):
    def function(x, shift, key):
        return x + shift, jnp.full(x.shape[0], x.shape[0]), key

    grouped = Grouped(function, (True, False, True))
    x, keys = jnp.arange(learners * 2.0).reshape(learners, 2), jax.random.split(jax.random.key(0), learners)
    moved, widths, same = grouped(most, x, 0.5, keys)
    assert np.array_equal(moved, x + 0.5)
    assert np.array_equal(widths, np.full(learners, width))
    assert np.array_equal(jax.random.key_data(same), jax.random.key_data(keys))
    assert groups.count(learners, most) == -(-learners // width)


def test_a_group_is_the_same_program_as_a_run_of_its_learners_alone():
    built = config.build("CartPole-v1", "linear-sarsa", {}, {})
    grouped, alone = JaxLoop(built.task, built.agent, 10, 5, 1, 2, group=2), JaxLoop(built.task, built.agent, 12, 2, 1, 2)
    many, two = grouped.advance(grouped.init(), 200), alone.advance(alone.init(), 200)
    assert int(many.step) == int(two.step) == 200
    for x, y in zip(*(jax.tree.leaves(each._replace(step=jnp.zeros(5))) for each in (many, two)), strict=True):
        assert np.array_equal(x[2:4], y[:2])
    returns = grouped.evaluate(many)
    assert returns.shape == (5, 2)
    assert np.array_equal(returns[2:4], alone.evaluate(two))


def test_the_command_line_has_a_device_for_each_core_that_a_run_keeps_busy(monkeypatch):
    monkeypatch.setattr("neurorl.backend.cores", lambda: 4)
    assert arguments.devices({"seeds": 64}, True) == 2
    assert arguments.devices({"seeds": 1000}, True) == 4
    assert arguments.devices({"seeds": 64, "group": 64}, True) == 1
    assert arguments.devices({"seeds": 64}, False) == 1, "the host loop"
    assert arguments.devices({}, True) == 1
    assert arguments.devices({"seeds": "many"}, True) == 1, "what is wrong is said later"
    assert cores() >= 1


def test_the_ids_that_both_have_are_known_without_importing_gymnax():
    import gymnasium

    assert set(registry.IN_BOTH) == {name for name in registry.ids() if name in gymnasium.registry and name not in registry.OWN}
    assert all(map(registry.may_be_jax, registry.ids()))
    assert not registry.may_be_jax("FrozenLake-v1")


def test_groups_that_wait_for_each_other_on_an_accelerator_are_said(monkeypatch, recwarn):
    class Accelerator:
        platform = "gpu"

    training._say_where_groups_wait(Options(seeds=64))
    assert not recwarn.list, "on a CPU that is as it should be"
    monkeypatch.setattr(groups, "devices", lambda count: [Accelerator()] * min(count, 2))
    training._say_where_groups_wait(Options(seeds=64))
    assert not recwarn.list
    with pytest.warns(NeurorlWarning, match=r"8 groups .* on 2 devices .*--group 128"):
        training._say_where_groups_wait(Options(seeds=256))


def test_a_run_from_before_there_were_groups_goes_on_as_one(tmp_path):
    run = neurorl.train("CartPole-v1", "random", out=tmp_path / "run", seeds=3, steps=20, group=2)
    assert run.values["group"] == 2
    old = {name: value for name, value in run.values.items() if name != "group"}
    assert config.from_json(old).options.group == 3
    assert checkpoints.steps(run.path / "checkpoints")[-1] == 20
