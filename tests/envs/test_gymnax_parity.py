"""The JAX environments that stand in for Gymnasium's must be the same task."""

import gymnasium
import gymnax
import jax
import numpy as np
import pytest

STEPS = 200
FIELDS = {
    "CartPole-v1": ("x", "x_dot", "theta", "theta_dot"),
    "Acrobot-v1": ("joint_angle1", "joint_angle2", "velocity_1", "velocity_2"),
    "MountainCar-v0": ("position", "velocity"),
}
EXTENT = {  # of the states from which an action may be taken
    "CartPole-v1": ((-2.4, -3.0, -0.2094, -3.0), (2.4, 3.0, 0.2094, 3.0)),
    "Acrobot-v1": ((-np.pi, -np.pi, -4 * np.pi, -9 * np.pi), (np.pi, np.pi, 4 * np.pi, 9 * np.pi)),
    "MountainCar-v0": ((-1.2, -0.07), (0.6, 0.07)),
}
ids = pytest.mark.parametrize("env_id", FIELDS)


def step_of(env_id):
    """Return a function that takes one step in gymnax: to the next state, and the state before with what came of it."""
    env, params = gymnax.make(env_id)

    def step(state, action):
        before = jax.numpy.stack([getattr(state, field) for field in FIELDS[env_id]])
        _, state, reward, terminated, _, info = env.step(jax.random.key(0), state, action, params)
        return state, (before, info["final_observation"], reward, terminated)

    return step, env.reset(jax.random.key(0), params)[1]


def assert_same_in_gymnasium(env_id, actions, before, observation, reward, terminated):
    """Repeat every step in Gymnasium, from the same state."""
    env, expected = gymnasium.make(env_id).unwrapped, []
    for state, action in zip(before, actions, strict=True):
        env.reset()
        env.state = np.array(state, np.float64)
        expected.append(env.step(int(action))[:3])
    for ours, theirs in zip((observation, reward, terminated), zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(ours, np.stack(theirs), rtol=1e-4, atol=1e-4)


@ids
def test_random_steps_match_from_the_same_state(env_id):
    step, state = step_of(env_id)
    actions = np.random.default_rng(0).integers(0, gymnasium.make(env_id).action_space.n, STEPS)
    _, steps = jax.jit(lambda state: jax.lax.scan(step, state, actions))(state)
    assert_same_in_gymnasium(env_id, actions, *map(np.asarray, steps))


@ids
def test_single_steps_match_from_anywhere(env_id):
    """States that a random walk does not reach: walls, goals, saturated speeds."""
    step, template = step_of(env_id)
    rng = np.random.default_rng(1)
    states = rng.uniform(*EXTENT[env_id], (STEPS, len(FIELDS[env_id]))).astype(np.float32)
    actions = rng.integers(0, gymnasium.make(env_id).action_space.n, STEPS)

    def from_state(state, action):
        return step(template.replace(**dict(zip(FIELDS[env_id], state, strict=True))), action)[1]

    steps = [np.asarray(x) for x in jax.jit(jax.vmap(from_state))(states, actions)]
    assert_same_in_gymnasium(env_id, actions, *steps)
    assert 0 < steps[-1].sum() < STEPS  # ends and continuations were both compared


@ids
def test_spaces_and_time_limit_match(env_id):
    env, params = gymnax.make(env_id)
    other = gymnasium.make(env_id)
    assert env.action_space(params).n == other.action_space.n
    assert env.observation_space(params).shape == other.observation_space.shape
    assert params.max_steps_in_episode == other.spec.max_episode_steps
