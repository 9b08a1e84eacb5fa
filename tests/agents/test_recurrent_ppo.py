import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.agents.contract import Timestep
from neurorl.agents.ppo import PPO
from neurorl.agents.recurrent_ppo import RecurrentPPO
from neurorl.envs import probes
from neurorl.errors import NeurorlError
from neurorl.loops.jax_loop import JaxLoop
from neurorl.runs import config

SMALL = {"hidden": 8, "rollout": 16, "minibatches": 2, "epochs": 2}
RECURRENT = RecurrentPPO(**SMALL, memory=4, sequence=8)


def experience(steps, ends=()):
    """Return timesteps of random observations [steps], with an episode's end at some of them."""
    rng = np.random.default_rng(0)
    seen = jnp.asarray(rng.normal(size=(steps, 1)), jnp.float32)
    over = jnp.isin(jnp.arange(steps), jnp.array(ends, int))
    rewards = jnp.asarray(rng.normal(size=steps), jnp.float32)
    return Timestep(seen, rewards, over, jnp.zeros(steps, bool), seen)


def lived(agent, state, timesteps):
    """Return the learner after a rollout, and its actions."""
    keys = jax.random.split(jax.random.key(1), len(timesteps.reward))
    return jax.lax.scan(lambda state, now: agent.learn(state, *now), state, (timesteps, keys))


def cut(weights, feed_forward):
    """Return recurrent weights whose units say nothing, with the two networks of a feed-forward learner."""
    weights = jax.tree.map(jnp.zeros_like, weights)
    towers = weights["params"]["towers"]
    for name, layer in feed_forward["params"].items():
        rows = layer["kernel"].shape[0]
        towers[name] = {"kernel": towers[name]["kernel"].at[:rows].set(layer["kernel"]), "bias": layer["bias"]}
    return weights


def test_with_its_memory_cut_it_learns_what_ppo_learns():
    plain, recurrent = PPO(**SMALL), RecurrentPPO(**SMALL, memory=4, sequence=1)
    state, other = (jax.jit(agent.init)(jax.random.key(0)) for agent in (plain, recurrent))
    other = other._replace(weights=cut(other.weights, state.weights))
    before = state.weights
    timesteps = experience(16, ends=(5, 11))
    state, actions = lived(plain, state, timesteps)
    other, same = lived(recurrent, other, timesteps)
    np.testing.assert_array_equal(actions, same)
    state, other = (jax.jit(agent.update)(s, jax.random.key(2)) for agent, s in ((plain, state), (recurrent, other)))
    expected = cut(other.weights, state.weights)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), other.weights, expected)
    moved = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), state.weights, before)
    assert max(jax.tree.leaves(moved)) > 1e-4


def probabilities(agent, state):
    """Return the recorded logarithms of the probabilities of a rollout's actions, and those of going through it again."""
    decision = state.rollout.decision
    decision = jax.tree.map(lambda x: x.reshape(-1, agent.sequence, *x.shape[1:]), decision)
    logits, value = agent._judge_again(state.weights, decision)
    again, _ = agent._policy(logits, decision.action)
    return decision, again, value


def test_a_rollout_gone_through_again_is_what_was_lived_whatever_ends_within_a_sequence():
    state, _ = lived(RECURRENT, RECURRENT.init(jax.random.key(3)), experience(32, ends=(4, 12, 17, 21, 30)))
    decision, again, value = probabilities(RECURRENT, state)
    np.testing.assert_allclose(again, decision.log_probability, atol=1e-6)
    np.testing.assert_allclose(value, decision.value, atol=1e-6)
    # The check sees a memory that is not emptied, and one that does not begin where it was.
    recalled = decision.memory
    for wrong in (recalled._replace(begins=jnp.zeros_like(recalled.begins)), recalled._replace(memory=0.0 * recalled.memory)):
        forgot = decision._replace(memory=wrong)
        assert np.abs(RECURRENT._judge_again(state.weights, forgot)[1] - decision.value).max() > 1e-3


def test_nothing_of_an_episode_is_left_in_the_next():
    state = RECURRENT.init(jax.random.key(3))
    one, _ = lived(RECURRENT, state, experience(9, ends=(8,)))
    other = experience(9, ends=(8,))
    changed = other._replace(observation=other.observation.at[:8].add(1.0))
    another, _ = lived(RECURRENT, state, changed)
    np.testing.assert_array_equal(one.memory, another.memory)
    going_on, _ = lived(RECURRENT, state, changed._replace(terminated=jnp.zeros(9, bool)))
    assert np.abs(going_on.memory - one.memory).max() > 1e-3


def test_gradients_reach_back_through_a_sequence():
    state, _ = lived(RECURRENT, RECURRENT.init(jax.random.key(3)), experience(16))
    decision, *_ = probabilities(RECURRENT, state)

    def last_value(inputs):
        return RECURRENT._judge_again(state.weights, decision._replace(inputs=inputs))[1][0, -1]

    assert np.abs(jax.grad(last_value)(decision.inputs)[0, 0]).max() > 1e-6


@pytest.mark.slow
def test_the_values_of_an_episode_of_two_steps_are_learned():
    """A probe whose second step is judged with the memory of the first, which ``value`` does not have."""
    settings = {"gamma": 0.5, "rollout": 64, "learning_rate": 3e-3, "anneal_steps": 20_000, "entropy": 0.0}
    probe = probes.PROBES["DelayedReward-probe"](False)
    built = config.build(probe, "recurrent-ppo", {"steps": 6_400}, settings)
    loop = JaxLoop(built.task, built.agent, 0, 4, 1, 2)
    decision = loop.advance(loop.init(), 6_400).agent.rollout.decision
    for shown, value in probe.expected(0.5).items():
        judged = decision.value[decision.inputs[..., 0] == shown]
        assert judged.size > 100
        assert np.abs(judged - value).max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("agent", "solves"), [("recurrent-ppo", True), ("ppo", False)])
def test_what_was_shown_first_is_answered_last_with_memory_only(agent, solves):
    # A cue of two, shown once; two steps later the answer is paid.
    settings = {"env.memory_length": 2, "rollout": 128, "learning_rate": 3e-3, "entropy": 0.0, "anneal_steps": 100_000}
    built = config.build("MemoryChain-bsuite", agent, {"steps": 8_000}, settings)
    loop = JaxLoop(built.task, built.agent, 0, 2, 1, 50)
    returns = loop.evaluate(loop.advance(loop.init(), 8_000)).mean(1)
    assert (returns > 0.95).all() if solves else (abs(returns) < 0.6).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"sequence": 7}, r"'agent.sequence' is 7; it must divide 'agent.rollout', which is 16"),
        ({"sequence": 16}, r"'agent.minibatches' is 2; it must be at most 1, the sequences of 16 in 'agent.rollout'"),
    ],
)
def test_a_rollout_that_cannot_be_cut_is_refused(sizes, message):
    with pytest.raises(NeurorlError, match=message):
        RecurrentPPO(**SMALL, **sizes).init(jax.random.key(0))
