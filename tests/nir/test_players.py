"""Trained agents as graphs that play."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurorl
from neurorl import NeurorlError, TrainedAgent
from neurorl.agents.random import Random
from neurorl.cli import main
from neurorl.networks import Monitor
from neurorl.neurons import LeakyIntegrator
from neurorl.runs import config

pytest.importorskip("nir")

from neurorl.nir import from_nir, player, read, write

SEEN = np.random.default_rng(0).uniform(-0.1, 0.1, (30, 4)).astype(np.float32)


def learner(agent, **settings):
    """Return an agent with random weights, which no training has to make."""
    built = config.build("CartPole-v1", agent, {}, settings)
    state, rng = built.agent.init(jax.random.key(0)), np.random.default_rng(0)
    if agent != "spiking-network":
        slow = jnp.asarray(rng.normal(0.0, 0.2, state.synapses.slow.shape), jnp.float32)
        state = state._replace(synapses=state.synapses._replace(slow=slow), returns=state.returns._replace(largest=1.0, best=0.5))
    else:
        state = state._replace(slow=[jnp.asarray(rng.normal(0.0, 2.0, w.shape), jnp.float32) for w in state.slow])
    return TrainedAgent(built.agent, state, built.task)


@pytest.fixture(scope="module")
def trained():
    """Return a learner of each agent that plays."""
    small = {"wiring.inhibitory": 4, "wiring.critics": 4, "wiring.sensory": 64}
    return {"spiking-sarsa": learner("spiking-sarsa", substeps=256), "spiking-network": learner("spiking-network", **small)}


def test_spike_counts_of_the_value_graph_are_those_of_the_agent(trained):
    trained = trained["spiking-sarsa"]
    playing = player(trained)
    synapses = playing.graph.nodes["synapses"]
    same = 0
    for seen in SEEN:
        inputs = playing.inputs(seen)
        assert inputs.shape == (256, trained.agent.code.size)
        charge = synapses.weight @ inputs[0] + synapses.bias
        counts = np.floor(256 * charge)  # of a neuron whose reset keeps what is left
        _, rate = trained.agent._fire(trained.state, trained.state.synapses.slow, jnp.zeros((2, 2)), jnp.asarray(seen))
        np.testing.assert_allclose(counts.reshape(2, 2), 256 * np.asarray(rate), atol=1)
        trained.reset()
        spikes = np.zeros((256, 4))
        spikes[0] = counts
        same += playing.action(spikes) == trained.act(seen)
    assert same >= 25  # ties and the charge that is left over decide the rest


def test_a_graph_that_is_read_back_chooses_as_the_agent(trained, tmp_path):
    trained = trained["spiking-network"]
    write(player(trained, leave_out=["refractory"]).graph, tmp_path / "a.nir")
    about = json.loads(read(tmp_path / "a.nir").metadata["neurorl"])
    assert about["agent"] == "spiking-network"
    assert set(about["lost"]) == {"refractory"}
    with_membrane = player(trained, leave_out=["refractory"], membrane=True)
    network = from_nir(with_membrane.graph)
    assert set(network.populations) == {"sensory", "hidden", "inhibitory", "motor"}  # critics and silent neurons play no part
    currents = player(trained, leave_out=["refractory"])
    state, same, alike = network.init(), 0, 0
    trained.reset()
    for seen in SEEN:
        spikes = with_membrane.inputs(seen)
        kept = Monitor(spikes=["hidden"], voltages=["motor"])
        state, record = network.run(state, with_membrane.steps, spikes={"sensory": spikes}, record=kept)
        chosen = with_membrane.action(record.v["motor"])
        same += chosen == trained.act(seen)
        # The other kind of border: it gets what drives the motor neurons, and integrates that itself.
        driven = record.spikes["hidden"] @ currents.graph.nodes["hidden_to_motor"].weight.T
        alike += currents.action(driven) == chosen
    assert same >= 27
    assert alike >= 27  # no step lies between the two populations here


def test_the_border_integrates_as_the_motor_neurons_do(trained):
    playing = player(trained["spiking-network"], leave_out=["refractory"])
    rng, n = np.random.default_rng(3), playing._membrane.v_rest
    varied = LeakyIntegrator(tau_m=rng.uniform(3.0, 9.0, 16), v_rest=n + rng.uniform(-2.0, 2.0, 16), resistance=3.0)
    playing._membrane, seen = varied, []
    playing._choose = lambda v: (seen.append(v), 0)[1]
    state = varied.init(16)
    for _ in range(3):  # what is left of one environment step is there in the next
        currents, expected = rng.normal(0.0, 20.0, (playing.steps, 16)), []
        for current in currents:
            state, _ = varied.step(state, jnp.asarray(current, jnp.float32), playing.dt)
            expected.append(state.v)
        playing.action(currents)
        np.testing.assert_allclose(seen[-1], np.stack(expected), atol=1e-3)
    playing.reset()
    playing.action(np.zeros((playing.steps, 16)))
    np.testing.assert_allclose(seen[-1][0], varied.v_rest, rtol=1e-6)


def test_a_finer_step_has_as_many_sensory_spikes(trained):
    trained = trained["spiking-network"]
    coarse, fine = (player(trained, refine=refine, leave_out=["refractory"]) for refine in (1, 4))
    assert fine.dt == coarse.dt / 4
    for seen in SEEN[:3]:
        a, b = coarse.inputs(seen), fine.inputs(seen)
        assert b.shape[0] == 4 * a.shape[0]
        np.testing.assert_array_equal(b.reshape(-1, 4, b.shape[1]).sum(1), a)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda trained: player(TrainedAgent(Random(), None, trained["spiking-sarsa"].task)),
            "agent Random cannot be written as NIR",
        ),
        (lambda trained: player(trained["spiking-network"]), "'hidden' has a refractory period, which NIR cannot say"),
        (lambda trained: player(learner("spiking-deep")), "'hidden' divides its inputs by how much comes"),
        (lambda trained: player(trained["spiking-sarsa"], refine=0), "'refine' is 0; it must be a whole number"),
    ],
)
def test_what_cannot_be_written_is_refused(trained, make, says):
    with pytest.raises(NeurorlError, match=says):
        make(trained)


@pytest.mark.slow
def test_the_command_writes_a_learner_of_a_run(tmp_path, capsys):
    options = {"seeds": 2, "steps": 200, "eval_every": 200, "eval_episodes": 1}
    run = neurorl.train("CartPole-v1", "spiking-sarsa", out=tmp_path / "run", **options)
    assert main(["export", str(run.path), "--nir", str(tmp_path / "a.nir"), "--seed-index", "1", "--refine", "2"]) == 0
    assert "2048 steps of 0.5 ms in an environment step" in capsys.readouterr().out
    written, made = read(tmp_path / "a.nir").nodes["synapses"], player(run.agent(1), refine=2).graph.nodes["synapses"]
    np.testing.assert_array_equal(written.weight, made.weight)
    assert main(["export", str(run.path)]) == 1
    assert "say what to write" in capsys.readouterr().err
