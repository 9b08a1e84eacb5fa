"""The board as foreign programs meet it: registered, checked, seeded, vectorised."""

import subprocess
import sys
import warnings

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import neurorl
from neurorl.envs import sub_environment
from neurorl.envs.fpga.env import FpgaTelemetry, FpgaTelemetryContinuous
from neurorl.envs.fpga.types import FaultClass
from neurorl.errors import NeurorlError
from neurorl.neuromodulation.reward import RewardEvents
from neurorl.neuromodulation.telemetry import TelemetryFrame

assert neurorl  # its import registers the board
IDS = ["neurorl/FpgaTelemetry-v0", "neurorl/FpgaTelemetryContinuous-v0"]
DISCRETE = IDS[0]
ids = pytest.mark.parametrize("env_id", IDS, ids=["discrete", "continuous"])


@pytest.fixture(scope="module")
def board():
    return gymnasium.make(DISCRETE)


def test_importing_registers_and_loads_no_jax():
    code = "import gymnasium, neurorl, sys; print('jax' in sys.modules, 'neurorl/FpgaTelemetry-v0' in gymnasium.registry)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False True\n"


def test_the_module_in_the_id_is_import_enough_and_a_board_needs_neither_gymnax_nor_what_that_imports():
    code = "import gymnasium, sys; limit = gymnasium.make('neurorl:neurorl/FpgaTelemetry-v0').spec.max_episode_steps; "
    code += "print(limit, *(name in sys.modules for name in ('gymnax', 'matplotlib', 'seaborn', 'pandas', 'scipy.stats')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["600", *["False"] * 5]


@pytest.mark.parametrize("made", [FpgaTelemetry, FpgaTelemetryContinuous])
def test_gymnasiums_spaces_are_the_twins_of_gymnaxs(made):
    env = made()
    assert env.gymnasium_spaces() == tuple(map(sub_environment.space_of, (env.observation_space(), env.action_space())))


@ids
def test_gymnasiums_checker_has_nothing_to_say(env_id):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(env_id, render_mode="rgb_array", disable_env_checker=True).unwrapped)


@ids
def test_stable_baselines_checker_has_nothing_to_say(env_id):
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="needs the extra sb3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checker.check_env(gymnasium.make(env_id).unwrapped, warn=True)


def test_an_episode_lasts_600_ticks_and_is_truncated(board):
    board.reset(seed=0)
    for tick in range(600):
        observation, reward, terminated, truncated, info = board.step(13)  # moves nothing
        assert board.observation_space.contains(observation), tick
        assert np.isfinite(reward)
        assert not terminated
        assert truncated == (tick == 599)
    assert isinstance(info["telemetry"], TelemetryFrame)
    assert isinstance(info["events"], RewardEvents)
    assert info["faults"].shape == (len(FaultClass),)


def test_the_same_seed_is_the_same_episode_bit_for_bit(board):
    def play(seed):
        first, _ = board.reset(seed=seed)
        actions = np.random.default_rng(1).integers(30, size=40)
        steps = [board.step(action)[:2] for action in actions]
        return np.stack([first, *(o for o, _ in steps)]), np.array([r for _, r in steps])

    for a, b in zip(play(5), play(5), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(play(5)[0], play(6)[0])


def test_a_jitted_board_is_the_same_board_bit_for_bit(board):
    """One compiled program for a whole episode, against one call from Python a step."""
    env = FpgaTelemetry()
    actions = np.random.default_rng(2).integers(30, size=100)
    board.reset(seed=9)
    state = jax.tree.map(np.asarray, board.unwrapped.state)

    @jax.jit
    def play(state, params):
        def step(state, action):
            observation, state, reward, *_ = env.step(jax.random.key(0), state, action, params)
            return state, (observation, reward)

        return jax.lax.scan(step, state, actions)[1]

    observations, rewards = play(state, env.default_params)
    for i, action in enumerate(actions):
        observation, reward, *_ = board.step(action)
        np.testing.assert_array_equal(observation, observations[i], err_msg=f"tick {i}")
        assert reward == rewards[i], i


def test_settings_and_scenarios_come_by_keyword_and_at_a_reset():
    hot = gymnasium.make(DISCRETE, scenario="heat-wave", noise_c=0.0).unwrapped
    assert float(hot.params.ambient_low_c) == 38.0
    assert float(hot.params.noise_c) == 0.0
    hot.reset(seed=0, options={"scenario": "cold-low-voltage"})
    assert float(hot.params.ambient_high_c) == 0.0
    assert float(hot.params.noise_c) == pytest.approx(0.4)
    hot.reset()
    assert float(hot.params.ambient_high_c) == 0.0  # it holds until the next options
    vector = gymnasium.make_vec(DISCRETE, 2, vectorization_mode="vector_entry_point", scenario="aged-part")
    assert float(vector.params.age_high_v) == pytest.approx(0.045)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scenario": "heat-wav"}, "did you mean 'heat-wave'"),
        ({"noise": 1.0}, "unknown parameter 'noise'"),
        ({"noise_c": -1.0}, "must be at least 0.0"),
        ({"render_mode": "ansi"}, "'render_mode' is 'ansi'"),
    ],
)
def test_wrong_settings_are_explained(settings, message):
    for make in (gymnasium.make, gymnasium.make_vec):
        with pytest.raises(NeurorlError, match=message):
            make(DISCRETE, **settings)


@pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.name)
def test_the_native_vector_is_gymnasiums_vector_of_boards(mode):
    """Flags exactly, numbers to float tolerance: a vector of boards is compiled to other code than a single one."""
    count, limit = 3, 12
    theirs = SyncVectorEnv([lambda: gymnasium.make(DISCRETE, max_episode_steps=limit)] * count, autoreset_mode=mode)
    ours = gymnasium.make_vec(
        DISCRETE, count, vectorization_mode="vector_entry_point", max_episode_steps=limit, autoreset_mode=mode
    )
    assert ours.metadata["autoreset_mode"] == mode
    np.testing.assert_allclose(theirs.reset(seed=4)[0], ours.reset(seed=4)[0], rtol=1e-5, atol=1e-5)
    theirs.action_space.seed(0)
    for _ in range(30):
        actions = theirs.action_space.sample()
        a, b = theirs.step(actions), ours.step(actions)
        for x, y in zip(a[:4], b[:4], strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)
        _assert_same_info(a[4], b[4])
        ended = a[2] | a[3]
        if mode == AutoresetMode.DISABLED and ended.any():
            a, b = (envs.reset(options={"reset_mask": ended.copy()})[0] for envs in (theirs, ours))
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def _assert_same_info(theirs, ours):
    assert theirs.keys() == ours.keys()
    for key, value in theirs.items():
        if key.startswith("_") or key == "faults":
            np.testing.assert_array_equal(value, ours[key])
        elif key == "final_info":
            _assert_same_info(value, ours[key])
        else:  # an array of observations or named tuples there; here named tuples of arrays
            for index, one in enumerate(value):
                if one is not None:
                    mine = ours[key][index] if key == "final_obs" else jax.tree.map(lambda x, index=index: x[index], ours[key])
                    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-3), one, mine)
