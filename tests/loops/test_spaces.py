"""Environments of spaces that the library has never named: both loops, evaluation and a learner taken out."""

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct
from gymnasium import spaces
from gymnax.environments import environment
from gymnax.environments import spaces as jax_spaces

import neurorl
from neurorl.errors import NeurorlError
from neurorl.loops.host_loop import HostLoop
from neurorl.loops.jax_loop import JaxLoop
from neurorl.runs import config
from neurorl.runs.run import TrainedAgent

SMALL = {"encoder.substeps": 2, "critic.neurons": 1}  # compiles fast; spaces do not care


class Toy(gymnasium.Env):
    """Shows random observations of its space, accepts only actions of its space, and ends after seven steps."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.steps = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.steps += 1
        return self.observation_space.sample(), 1.0, self.steps == 7, False, {}


CASES = {
    "a card game": (
        spaces.Tuple((spaces.Discrete(32), spaces.Discrete(11, start=-4), spaces.Discrete(2))),
        spaces.Discrete(2, start=3),
    ),
    "a nested dictionary": (
        spaces.Dict(
            arm=spaces.Dict(joints=spaces.Box(-np.inf, np.inf, (3,)), touch=spaces.MultiBinary(2)),
            mode=spaces.Discrete(4, start=1),
        ),
        spaces.MultiDiscrete([3, 2], start=[1, -1]),
    ),
    "many bits": (spaces.MultiBinary(40), spaces.MultiBinary(3)),
    "a large unbounded vector": (spaces.Box(-np.inf, np.inf, (12,), np.float64), spaces.Box(-2.0, 5.0, (2, 1))),
    "an image": (spaces.Box(0, 255, (6, 6, 2), np.uint8), spaces.Box(np.array([0, -3]), np.array([3, 400]), dtype=np.int16)),
    "a table of choices": (
        spaces.MultiDiscrete(np.array([[30, 40], [50, 60]])),
        spaces.Tuple((spaces.Discrete(2, start=7), spaces.Box(0.0, 1.0, (2,)))),
    ),
    "an image and a vector": (
        spaces.Dict(eye=spaces.Box(0.0, 1.0, (5, 5)), speed=spaces.Box(-1.0, 1.0, (1,)), on=spaces.Box(0, 1, (1,), np.int8)),
        spaces.Dict(jump=spaces.MultiBinary(2), turn=spaces.Box(-1.0, 1.0, ())),
    ),
}


@pytest.mark.parametrize("agent", ["spiking-actor-critic", "random"])
@pytest.mark.parametrize("name", CASES)
def test_the_host_loop_plays_any_space(name, agent):
    observations, actions = CASES[name]
    built = config.build(lambda: Toy(observations, actions), agent, {}, SMALL if agent != "random" else {})
    loop = HostLoop(built.task, built.agent, 0, 2, 5, 2)
    learners = loop.advance(loop.init(), 20)
    assert np.asarray(learners.episodes.ended).tolist() == [2, 2]
    assert np.asarray(learners.episodes.finite).all()
    np.testing.assert_array_equal(loop.evaluate(learners), 7.0)
    one = TrainedAgent(built.agent, jax.tree.map(lambda x: x[1], learners.agent), built.task)
    assert actions.contains(one.act(observations.sample()))


@pytest.mark.parametrize(
    ("observations", "actions", "says"),
    [
        (spaces.Text(5), spaces.Discrete(2), "observations of Text are not supported"),
        (spaces.Dict(a=spaces.Graph(spaces.Discrete(2), None)), spaces.Discrete(2), "observations of Graph are not supported"),
        (spaces.Discrete(2), spaces.Sequence(spaces.Discrete(2)), "actions of Sequence are not supported"),
        (spaces.Discrete(2), spaces.Box(-np.inf, 1.0, (2,)), r"action component 0 has the range \[-inf, 1\]"),
        (spaces.Discrete(10**9), spaces.Discrete(2), "an observation of 1,000,000,000 states"),
        (spaces.Tuple(()), spaces.Discrete(2), "no entry"),
        (spaces.Discrete(2), spaces.Tuple(()), "no component"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_one_sentence(observations, actions, says):
    with pytest.raises(NeurorlError, match=says):
        config.build(lambda: Toy(observations, actions), "spiking-actor-critic", {}, {})


@struct.dataclass
class State:
    time: int


class JaxToy(environment.Environment):
    """A gymnax environment that shows a tuple and a dictionary, and takes two continuous numbers."""

    def step_env(self, key, state, action, params):
        assert action.shape == (2,)
        state = State(state.time + 1)
        reward = jnp.all(jnp.abs(action) <= jnp.array([1.0, 3.0])).astype(jnp.float32)
        return self.get_obs(state), state, reward, jnp.array(False), {}

    def reset_env(self, key, params):
        state = State(jnp.int32(0))
        return self.get_obs(state), state

    def get_obs(self, state, params=None, key=None):
        return state.time % 3, {"left": jnp.full((2, 2), 0.5), "right": jnp.float32([state.time])}

    def is_terminated(self, state, params):
        return jnp.array(False)

    @property
    def default_params(self):
        return environment.EnvParams(max_steps_in_episode=6)

    def action_space(self, params=None):
        return jax_spaces.Box(jnp.array([-1.0, -3.0]), jnp.array([1.0, 3.0]), (2,))

    def observation_space(self, params):
        right = jax_spaces.Box(-jnp.inf, jnp.inf, (1,))
        inner = jax_spaces.Dict({"left": jax_spaces.Box(0.0, 1.0, (2, 2)), "right": right})
        return jax_spaces.Tuple((jax_spaces.Discrete(3), inner))


def test_the_jax_loop_plays_parts_too():
    built = config.build(JaxToy(), "spiking-actor-critic", {}, SMALL)
    loop = JaxLoop(built.task, built.agent, 0, 2, 5, 2)
    learners = loop.advance(loop.init(), 13)
    assert np.asarray(learners.episodes.ended).tolist() == [2, 2]
    np.testing.assert_array_equal(learners.episodes.recent[:, :2], 6.0)  # every action lay in its range
    np.testing.assert_array_equal(loop.evaluate(learners), 6.0)


@pytest.mark.usefixtures("spikes_are_drawn")
def test_a_run_of_a_dictionary_is_saved_loaded_and_evaluated(tmp_path):
    gymnasium.register("NeverNamed-v0", lambda: Toy(*CASES["a nested dictionary"]), max_episode_steps=20)
    run = neurorl.train("NeverNamed-v0", seeds=2, steps=30, eval_every=15, eval_episodes=2, settings=SMALL, out=tmp_path / "run")
    again = neurorl.load(tmp_path / "run")
    assert again.configuration.agent == run.configuration.agent
    assert again.evaluate(episodes=2)["mean_return"] == [7.0, 7.0]
    assert (tmp_path / "run/spikes.png").is_file()


@pytest.mark.slow
def test_evaluation_leaves_what_a_code_has_learned_of_its_input_alone():
    built = config.build(lambda: Toy(*CASES["a large unbounded vector"]), "spiking-actor-critic", {}, SMALL)
    agent = built.agent
    state = agent.init(jax.random.key(0))
    seen = jnp.arange(12.0)
    activity, _ = agent.act(state, agent.initial_activity(state), seen, jax.random.key(1))
    np.testing.assert_array_equal(activity.sensory.code.mean, 0.0)
    learned, _ = agent.learn(state, neurorl.agents.restart(seen), jax.random.key(1))
    np.testing.assert_array_equal(learned.sensory.code.mean, seen)
