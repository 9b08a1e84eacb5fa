import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurorl
from neurorl.codes import working_memory
from neurorl.codes.working_memory import WorkingMemory
from neurorl.runs import config


def run(parameters, rates):
    """Return what is held after each of the rates [T, C] of one episode."""
    held, rows = working_memory.init(rates.shape[1]), []
    for row in rates:
        held = working_memory.step(parameters, held, jnp.asarray(row))
        rows.append(np.asarray(held.rates))
    return np.stack(rows)


def test_a_bistable_memory_holds_the_first_observation_whatever_follows():
    rates = np.eye(5, dtype=np.float32)
    np.testing.assert_array_equal(run(WorkingMemory(), rates), np.tile(rates[0], (5, 1)))


def test_a_new_episode_lets_go_of_the_last_one():
    held = working_memory.step(WorkingMemory(), working_memory.init(3), jnp.array([1.0, 0.0, 0.0]))
    again = working_memory.step(WorkingMemory(), held._replace(begins=jnp.array(True)), jnp.array([0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(again.rates, [0, 0, 1])


def test_a_leaky_memory_with_an_open_gate_is_an_exponential_trace():
    rates = np.zeros((6, 2), np.float32)
    rates[0, 0] = rates[1:, 1] = 1.0
    held = run(WorkingMemory(keep=0.8, refresh=0.2), rates)
    np.testing.assert_allclose(held[:, 0], 0.8 ** np.arange(6), rtol=1e-5)
    np.testing.assert_allclose(held[:, 1], 1 - 0.8 ** np.arange(6), atol=1e-6)


@given(keep=st.floats(0, 1), refresh=st.floats(0, 1), seed=st.integers(0, 99))
def test_the_memory_never_outweighs_what_it_remembers(keep, refresh, seed):
    rates = np.random.default_rng(seed).dirichlet(np.ones(7), size=10).astype(np.float32)
    held = run(WorkingMemory(keep=keep, refresh=refresh), rates)
    assert (held >= 0).all()
    assert (held.sum(1) <= 1 + 1e-5).all()


def test_a_few_partners_hold_what_all_would_where_only_they_fire():
    def spread(neurons, rates):
        return jnp.zeros(6).at[neurons].set(rates)

    listed, dense = working_memory.init_listed(2), working_memory.init(6)
    fired = [([4, 1], [0.75, 0.25]), ([0, 5], [0.5, 0.5]), ([3, 2], [0.125, 0.875])]
    for neurons, rates, begins in [(*fired[0], True), (*fired[1], False), (*fired[2], True), (*fired[0], False)]:
        neurons, rates = jnp.array(neurons), jnp.array(rates)
        listed, dense = (held._replace(begins=held.begins | begins) for held in (listed, dense))
        listed = working_memory.step_listed(listed, neurons, rates)
        dense = working_memory.step(WorkingMemory(), dense, spread(neurons, rates))
        np.testing.assert_array_equal(spread(listed.neurons, listed.rates), dense.rates)


MEMORY_CHAIN = {"memory.enabled": True, "gamma": 0.9, "env.memory_length": 4}


@pytest.mark.slow
def test_memory_chain_is_solved_with_the_memory_and_not_without(tmp_path):
    options = {"seeds": 4, "steps": 6000, "eval_every": 6000, "eval_episodes": 40}
    with_memory = neurorl.train("MemoryChain-bsuite", settings=MEMORY_CHAIN, out=tmp_path / "with", **options)
    without = neurorl.train(
        "MemoryChain-bsuite", settings=MEMORY_CHAIN | {"memory.enabled": False}, out=tmp_path / "no", **options
    )
    assert np.mean(with_memory.summary["eval_return"]) > 0.9
    assert abs(np.mean(without.summary["eval_return"])) < 0.4


def test_the_memory_is_part_of_the_activity_that_an_episode_starts_without():
    agent = config.build("MemoryChain-bsuite", "spiking-actor-critic", {}, {"memory.enabled": True, "encoder.substeps": 1}).agent
    learn, act = jax.jit(agent.learn), jax.jit(agent.act)
    state = agent.init(jax.random.key(0))
    first, later = jnp.array([1.0, 0.0, 1.0]), jnp.array([0.5, 0.0, 0.0])
    state, _ = learn(state, neurorl.agents.restart(first), jax.random.key(1))
    held = agent.code.rates(first)
    np.testing.assert_allclose(state.sensory.memory.rates, held, atol=1e-6)
    activity, _ = act(state, agent.initial_activity(state), later, jax.random.key(2))
    np.testing.assert_allclose(activity.sensory.memory.rates, agent.code.rates(later), atol=1e-6)
    activity, _ = act(state, activity, first, jax.random.key(3))
    np.testing.assert_allclose(activity.sensory.memory.rates, agent.code.rates(later), atol=1e-6)
