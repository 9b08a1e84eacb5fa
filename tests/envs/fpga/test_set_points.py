"""The board with set-points and derived readings: what the servo does, what the estimates are, and a default without both."""

import warnings

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

import neurorl
from neurorl.envs.fpga import estimates, set_points
from neurorl.envs.fpga.actions import command
from neurorl.envs.fpga.env import FpgaTelemetry, FpgaTelemetryContinuous
from neurorl.envs.fpga.types import INDEX, MOVES, SCRUB
from neurorl.errors import NeurorlError

assert neurorl  # its import registers the board
IDS = ["neurorl/FpgaTelemetry-v0", "neurorl/FpgaTelemetryContinuous-v0"]
OPTIONS = {"actions": "set-points", "derived": True}
HOLD = jnp.array([8, 10, 4, 0])  # 1.0 ns, 0.80 V, 0.5, no repair


def seen(**values):
    typical = {"clock": 200.0, "voltage": 0.8, "available": 1.0, "throughput": 1.0, "batch": 5.0, "canary_slack": 1.0}
    return jnp.zeros(15).at[jnp.array([INDEX[k] for k in (typical | values)])].set(jnp.array([*(typical | values).values()]))


def play(env, actions, seed=3):
    """Return the observations, rewards and last state of an episode."""
    step = jax.jit(env.step_env)
    observation, state = env.reset_env(jax.random.key(seed), env.default_params)
    observations, rewards = [observation], []
    for action in actions:
        observation, state, reward, *_ = step(jax.random.key(0), state, jnp.asarray(action), env.default_params)
        observations.append(observation)
        rewards.append(reward)
    return np.stack(observations), np.array(rewards), state


def test_the_default_board_has_no_estimates():
    assert FpgaTelemetry().reset_env(jax.random.key(0), FpgaTelemetry().default_params)[1].estimates == ()


def test_set_points_are_the_moves_that_the_servo_makes():
    """Replayed as moves, what the servo did gives the same episode bit for bit."""
    env = FpgaTelemetry(actions="set-points", derived=True)
    step = jax.jit(env.step_env)
    observation, state = env.reset_env(jax.random.key(3), env.default_params)
    rng = np.random.default_rng(0)
    moves, rewards, observations = [], [], [observation]
    for _ in range(60):
        action = jnp.array([rng.integers(n) for n in (15, 21, 10)] + [0])
        asked = set_points.servo(env.set_points(action), state.estimates, state.observation)
        same = [all(np.allclose(a, b) for a, b in zip(command(m), asked, strict=True)) for m in range(MOVES)]
        moves.append(same.index(True))
        observation, state, reward, *_ = step(jax.random.key(0), state, action, env.default_params)
        observations.append(observation)
        rewards.append(reward)
    assert len(set(moves)) > 5
    again, paid, _ = play(FpgaTelemetry(), moves)
    np.testing.assert_array_equal(np.stack(observations)[:, :15], again)
    np.testing.assert_array_equal(rewards, paid)


def test_the_servo_approaches_its_targets_and_stays_there():
    observations, *_ = play(FpgaTelemetry(actions="set-points", derived=True), [HOLD] * 40)
    late = observations[25:]
    np.testing.assert_allclose(late[:, INDEX["voltage"]], 0.80, atol=0.02)
    np.testing.assert_allclose(late[:, INDEX["fan"]], 0.5, atol=0.061)
    margin = 1000.0 / late[:, INDEX["clock"]] - late[:, -1]
    assert np.abs(margin - 1.0).mean() < 0.35  # a level of the clock is 4 % of some 6 ns
    assert not np.allclose(observations[0, INDEX["voltage"]], 0.8, atol=0.05)


@pytest.mark.parametrize(("repair", "name"), [(1, "scrub"), (2, "reload"), (3, "resync")])
def test_a_repair_is_done_beside_the_move(repair, name):
    e = estimates.init(seen())
    plain = set_points.servo(set_points.of_choices(HOLD), e, seen())
    repairing = set_points.servo(set_points.of_choices(HOLD.at[3].set(repair)), e, seen())
    assert [bool(getattr(repairing, other)) for other in ("scrub", "reload", "resync")] == [
        other == name for other in ("scrub", "reload", "resync")
    ]
    for field in ("levels", "volts", "fan"):
        assert getattr(repairing, field) == getattr(plain, field)
    numbers = jnp.zeros(6).at[2 + repair].set(0.95)
    assert bool(getattr(set_points.servo(set_points.of_numbers(numbers), e, seen()), name))
    assert not bool(getattr(set_points.servo(set_points.of_numbers(0.9 * jnp.sign(numbers)), e, seen()), name))


@pytest.mark.parametrize(("share", "choices"), [(-1.0, (0, 0, 0, 0)), (1.0, (14, 20, 9, 0))])
def test_numbers_and_choices_have_the_same_ends(share, choices):
    numbers = jnp.array([share] * 3 + [0.0] * 3)
    for a, b in zip(set_points.of_numbers(numbers), set_points.of_choices(jnp.array(choices)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_the_deficit_is_the_share_of_wrong_work_and_nothing_without_work():
    assert float(estimates.deficit(seen(throughput=1.0))) == pytest.approx(0.0, abs=1e-6)
    assert float(estimates.deficit(seen(throughput=0.65))) == pytest.approx(0.35, abs=1e-6)
    assert float(estimates.deficit(seen(throughput=0.9, replays=np.log10(11.0)))) == pytest.approx(0.0, abs=1e-5)  # 10 replays
    assert float(estimates.deficit(seen(throughput=0.0, batch=0.0))) == 0.0
    assert float(estimates.deficit(seen(throughput=0.0, available=0.0))) == 0.0


def test_estimates_follow_their_equations():
    e = estimates.init(seen())
    assert float(e.path_ns) == pytest.approx(4.0)
    e = estimates.update(e, seen(voltage=0.9, canary_slack=1.5, replays=2.0), jnp.array(True))
    expected = 4.0 * np.exp(-0.2)
    assert float(e.path_ns) == pytest.approx(expected + 0.3 * (3.5 - expected), rel=1e-6)
    assert float(e.slow_replays) == pytest.approx(0.08)
    assert float(e.since_repair) == 0.0
    e = estimates.update(e, seen(voltage=0.9), jnp.array(False))
    assert float(e.slow_replays) == pytest.approx(0.995 * 0.08)
    assert float(e.since_repair) == 1.0


def test_since_repair_counts_in_the_environment_from_moves_too():
    observations, *_ = play(FpgaTelemetry(derived=True), [13, SCRUB, 13, 13])
    np.testing.assert_array_equal(observations[:, 17], [600.0, 600.0, 0.0, 1.0, 2.0])
    plain, *_ = play(FpgaTelemetry(), [13, SCRUB, 13, 13])
    np.testing.assert_array_equal(observations[:, :15], plain)


@pytest.mark.parametrize("env_id", IDS)
def test_checkers_have_nothing_to_say(env_id):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(env_id, disable_env_checker=True, **OPTIONS).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("made", [FpgaTelemetry, FpgaTelemetryContinuous])
def test_gymnax_samples_what_gymnasium_contains(made):
    env = made(actions="set-points")
    _, space = env.gymnasium_spaces()
    for k in range(20):
        sample = env.action_space().sample(jax.random.key(k))
        assert bool(jnp.all(env.action_space().contains(sample)))
        assert space.contains(np.asarray(sample, space.dtype))


@pytest.mark.parametrize("env_id", IDS)
def test_the_native_vector_is_gymnasiums_vector_of_boards(env_id):
    theirs = SyncVectorEnv([lambda: gymnasium.make(env_id, max_episode_steps=12, **OPTIONS)] * 3)
    ours = gymnasium.make_vec(env_id, 3, vectorization_mode="vector_entry_point", max_episode_steps=12, **OPTIONS)
    assert ours.single_action_space == theirs.single_action_space
    assert ours.single_observation_space == theirs.single_observation_space
    np.testing.assert_allclose(theirs.reset(seed=4)[0], ours.reset(seed=4)[0], rtol=1e-5, atol=1e-5)
    theirs.action_space.seed(0)
    for _ in range(20):
        actions = theirs.action_space.sample()
        for x, y in zip(theirs.step(actions)[:4], ours.step(actions)[:4], strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)


def test_an_unknown_kind_of_actions_is_explained():
    with pytest.raises(NeurorlError, match="did you mean 'set-points'"):
        FpgaTelemetry(actions="setpoints")
    env = gymnasium.make(IDS[0], **OPTIONS)
    env.reset(seed=0)
    with pytest.raises(NeurorlError, match="must be in MultiDiscrete"):
        env.step(np.array([15, 0, 0, 0]))
