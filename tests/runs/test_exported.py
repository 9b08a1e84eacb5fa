"""A run as one file, the zoo, and runs that start from what others have learned."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import neurorl
from neurorl import NeurorlError, agents
from neurorl.cli import main
from neurorl.runs import checkpoints, config, exported
from neurorl.runs.origin import started

SHORT = {"seeds": 2, "steps": 200, "eval_every": 200, "eval_episodes": 1}


@pytest.fixture(scope="module")
def file(finished_run, tmp_path_factory):
    return finished_run.export(tmp_path_factory.mktemp("files") / "run.safetensors")


def test_a_file_is_taken_as_the_run_is(finished_run, file):
    shared = neurorl.load(file)
    assert shared.values == finished_run.values
    assert shared.summary == finished_run.summary
    assert shared.evaluate(3) == finished_run.evaluate(3)
    for ours, theirs in zip(*(jax.tree.leaves(run.learners().agent) for run in (shared, finished_run)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(shared.evaluation) == 0
    with safe_open(file, framework="numpy") as held:
        assert json.loads(held.metadata()["neurorl"])["config"]["agent_id"] == "spiking-actor-critic"


def test_one_learner_is_the_one_of_the_run(finished_run, tmp_path, capsys):
    assert main(["export", str(finished_run.path), "--out", str(tmp_path / "one.safetensors"), "--seed-index", "2"]) == 0
    one = neurorl.load(tmp_path / "one.safetensors")
    assert (one.values["seeds"], one.values["seed"]) == (1, finished_run.values["seed"] + 2)
    assert one.evaluate(3)["returns"] == finished_run.evaluate(3, index=2)["returns"]
    # And written again it is the same file.
    assert one.export(tmp_path / "two.safetensors").read_bytes() == (tmp_path / "one.safetensors").read_bytes()
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "one.safetensors"), "--episodes", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seeds"] == [2]


def test_files_that_are_none_are_a_sentence(file, tmp_path):
    (tmp_path / "text").write_text("no tensors")
    save_file({"a": np.zeros(2)}, tmp_path / "other.safetensors")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(file.read_bytes()[:-100])
    for path, says in (
        (tmp_path / "text", "cannot be read as safetensors"),
        (cut, "cannot be read as safetensors"),
        (tmp_path / "other.safetensors", "holds no run of neurorl"),
        ("zoo/NoSuchTask-v0", "there is no 'NoSuchTask-v0' in the zoo, but "),
        (tmp_path / "nothing", "there is no folder"),
    ):
        with pytest.raises(NeurorlError, match=says):
            neurorl.load(path)
    with pytest.raises(NeurorlError, match="holds trained learners and no curves"):
        neurorl.load(file).plot()
    with pytest.raises(NeurorlError, match="there is no checkpoint 7"):
        neurorl.load(file).learners(step=7)


def test_the_zoo_is_small_and_plays(capsys):
    names = exported.zoo()
    assert {"CartPole-v1", "Acrobot-v1", "MountainCar-v0"} <= set(names)
    assert sum(file.stat().st_size for file in exported.ZOO.rglob("*.safetensors")) < 2_000_000
    assert main(["list"]) == 0
    assert "CartPole-v1" in capsys.readouterr().out
    run = neurorl.load("zoo/CartPole-v1")
    assert run.evaluate(3)["return_iqm"] >= 475.0


def by_place(tree):
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


@pytest.mark.parametrize("name", agents.names())
def test_what_begins_anew_is_new_and_the_rest_is_taken_over(name):
    built = config.build("FrozenLake-v1" if name == "sarsa" else "CartPole-v1", name, {}, {})
    fresh = built.agent.init(jax.random.key(0))
    key = jax.random.key(1)
    other = jax.tree.map(lambda leaf: leaf + 1 if jnp.issubdtype(leaf.dtype, jnp.number) else leaf, built.agent.init(key))
    state = built.agent.started_from(fresh, other)
    assert jax.tree.structure(state) == jax.tree.structure(fresh)
    places, olds, news = by_place(state), by_place(other), by_place(fresh)
    for each in built.agent.BEGINS_ANEW:
        under = [place for place in places if f"{place}.".startswith(f"{each}.")]
        absent = ("sensory.memory", "neurons", "age", "explored", "step")
        assert under or each in absent, f"'{each}' names no field"  # absent unless switched on
        assert all(np.array_equal(places[place], news[place]) for place in under)
    weights = [place for place in places if "weights" in place or "slow" in place]
    assert weights or name == "random"
    if name != "spiking-deep":  # its weights are written when they are read
        assert all(np.array_equal(places[place], olds[place]) for place in weights)
    assert not any(np.asarray(places[place]).any() for place in places if "eligibility" in place or place.startswith("trace"))


def test_weights_of_listed_synapses_come_along_as_they_are_now():
    agent = config.build("CartPole-v1", "spiking-deep", {}, {}).agent
    fresh = agent.init(jax.random.key(0))
    synapses = fresh.hidden.synapses._replace(tags=fresh.hidden.synapses.tags + 2.0, due=fresh.hidden.synapses.due + 0.25)
    state = agent.started_from(fresh, fresh._replace(hidden=fresh.hidden._replace(synapses=synapses)))
    np.testing.assert_allclose(state.hidden.synapses.weights, fresh.hidden.synapses.weights + 0.5)
    assert not np.asarray(state.hidden.synapses.tags).any()


def test_learners_start_from_those_of_another_run_in_turn(finished_run, file):
    built = config.build("CartPole-v1", None, {"start": str(file), "seeds": 5}, {})
    assert built.agent == finished_run.configuration.agent
    learners = built.make_loop().init()
    theirs = finished_run.learners()
    for start in (str(file), str(finished_run.path)):
        begun = started(start, built.agent, learners)
        np.testing.assert_array_equal(begun.agent.actor.weights, theirs.agent.actor.weights[np.array([0, 1, 2, 0, 1])])
        assert not np.asarray(begun.agent.actor.eligibility).any()
        assert np.asarray(begun.agent.actor.weights).any()
        assert int(begun.step) == 0


def test_what_another_run_cannot_start_is_refused(file, finished_run):
    for env, agent, options, says in (
        ("CartPole-v1", "dqn", {"start": str(file)}, "which is of spiking-actor-critic, and 'agent' is dqn"),
        ("Acrobot-v1", None, {"start": str(file)}, "whose observation_space is .* they must be alike"),
        ("CartPole-v1", None, {"start": "nowhere"}, "there is no folder 'nowhere'"),
    ):
        with pytest.raises(NeurorlError, match=says):
            config.build(env, agent, options, {})
    changed = config.build("CartPole-v1", None, {"start": str(file)}, {"critic.neurons": 3})
    with pytest.raises(NeurorlError, match=r"which the run starts from, is of another agent.*'.critic"):
        started(str(file), changed.agent, changed.make_loop().init())


@pytest.mark.slow
def test_a_run_that_starts_from_another_goes_on_where_that_was_and_is_the_same_from_a_file(finished_run, file, tmp_path):
    first = neurorl.train("CartPole-v1", start=str(file), out=tmp_path / "a", settings={"env.length": 0.6}, **SHORT)
    again = neurorl.train("CartPole-v1", start=str(finished_run.path), out=tmp_path / "b", settings={"env.length": 0.6}, **SHORT)
    assert first.values["start"] == str(file)
    assert first.folder.training.read_bytes() == again.folder.training.read_bytes()
    begun = checkpoints.read(first.folder.checkpoints, 0)[".agent.actor.weights"]
    np.testing.assert_array_equal(begun, finished_run.learners().agent.actor.weights[:2])
    out = tmp_path / "c"
    assert main(["train", "CartPole-v1", "--from", str(file), "--seeds", "1", "--steps", "50", "--out", str(out), "--quiet"]) == 0
    assert neurorl.load(out).values["start"] == str(file)
