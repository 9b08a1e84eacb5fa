"""The spiking actor-critic's reward for surprise, its critic that comes back from silence, its cells of several neurons."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.actions import Actions
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.critic import Critic
from neurorl.agents.readout import Actor
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes import OneHot, PlaceCells
from neurorl.codes.sensory import Encoder

AGENT = SpikingActorCritic(code=OneHot(n=1), actions=Actions(choices=(4,), high=(3.0,)))


def test_the_first_choice_of_four_that_know_nothing_has_the_surprise_of_chance():
    """Until a neuron fires there is no choice to be surprised by, so a key is sought with which one does."""
    states = [AGENT.learn(AGENT.init(jax.random.key(0)), restart(jnp.int32(0)), jax.random.key(k))[0] for k in range(8)]
    surprises = {round(float(s.surprise), 4) for s in states}
    assert round(float(np.log(4.0)), 4) in surprises
    assert surprises <= {0.0, round(float(np.log(4.0)), 4)}


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_surprise_is_paid_in_units_of_reward(strength):
    agent = AGENT.replace(actor=Actor(entropy=strength))
    state = agent.init(jax.random.key(0))._replace(surprise=jnp.float32(2.0))
    no = jnp.array(False)
    *_, activity = agent.record(state, Timestep(jnp.int32(0), jnp.float32(1.0), no, no, jnp.int32(0)), jax.random.key(1))
    bare = AGENT.record(state, Timestep(jnp.int32(0), jnp.float32(1.0 + 2.0 * strength), no, no, jnp.int32(0)), jax.random.key(1))
    assert float(activity.signals["dopamine"]) == pytest.approx(float(bare[2].signals["dopamine"]), abs=1e-6)


def test_the_reward_for_surprise_keeps_choice_open():
    """One of four actions pays: without that reward it is chosen most of the time, with much of it hardly more than others."""

    def share(strength):
        agent = AGENT.replace(gamma=0.0, actor=Actor(entropy=strength))

        def step(carry, k):
            state, timestep = carry
            state, action = agent.learn(state, timestep, jax.random.fold_in(jax.random.key(2), k))
            no = jnp.array(False)
            return (state, Timestep(jnp.int32(0), (action == 1).astype(jnp.float32), no, no, jnp.int32(0))), action == 1

        start = agent.init(jax.random.key(0)), restart(jnp.int32(0))
        return float(jax.jit(lambda: jax.lax.scan(step, start, jnp.arange(3000))[1])()[-500:].mean())

    assert share(0.0) > 0.8
    assert share(3.0) < 0.6


def test_more_neurons_a_cell_tell_its_rate_more_finely():
    def error(neurons):
        agent = SpikingActorCritic(code=PlaceCells(low=(0.0, 0.0), high=(1.0, 1.0)), encoder=Encoder(neurons=neurons))
        observation = jnp.array([0.3, 0.6])
        state = agent.init(jax.random.key(0)).sensory
        errors = []
        for _ in range(20):
            state, x = agent.sensory.fire(state, observation, jax.random.key(1))
            errors.append(np.abs(x.final() - agent.code.rates(observation)).sum())
        return np.mean(errors[5:])  # the trace has settled

    assert error(16) < 0.25 * error(1)


@pytest.mark.parametrize(("floor", "value"), [(0.0, 0.0), (0.25, 0.5)])
def test_a_critic_that_was_silenced_comes_back_only_with_a_floor(floor, value):
    """Its push neurons are silent and its pull neurons at half rate; then every step pays 0.5."""
    agent = AGENT.replace(gamma=0.0, critic=Critic(learning_rate=1.0, lambda_=0.0, floor=floor))
    state = agent.init(jax.random.key(0))
    pushes = jnp.array([[-1.0], [-1.0], [0.0], [0.0]])
    state = state._replace(critic=state.critic._replace(weights=pushes))

    def step(carry, k):
        state, _ = agent.learn(carry, Timestep(jnp.int32(0), jnp.float32(0.5), *jnp.zeros((2,), bool), jnp.int32(0)), k)
        return state, state.value

    _, values = jax.jit(lambda keys: jax.lax.scan(step, state, keys))(jax.random.split(jax.random.key(1), 400))
    assert float(values[-50:].mean()) == pytest.approx(value, abs=0.05)
