import functools

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from neurorl.errors import NeurorlError
from neurorl.loops.host_loop import HostLoop
from neurorl.runs import config

STEPS = 300


@pytest.fixture(scope="module")
def built():
    return config.build("CartPole-v1", "random", {"loop": "host"}, {})


def host_loop(built, seeds, **options):
    return HostLoop(built.task, built.agent, 0, seeds, 1, 2, **options)


@pytest.mark.parametrize("mode", AutoresetMode)
def test_every_step_is_counted_once_and_resets_are_not_steps(built, mode):
    make = functools.partial(gymnasium.make, "CartPole-v1")
    loop = host_loop(built, 3, vector_env=SyncVectorEnv([make] * 3, autoreset_mode=mode))
    episodes = loop.advance(loop.init(), STEPS).episodes
    assert np.all(episodes.ended > 3)
    rewards = np.asarray(episodes.since_sum + episodes.running)  # CartPole pays 1 a step
    over = np.asarray(episodes.length) == 0  # an end in the very last step has not been reset yet
    resets = np.asarray(episodes.ended) - over if mode == AutoresetMode.NEXT_STEP else 0
    assert np.all(rewards == STEPS - resets)


def test_a_native_vector_environment_is_driven_too(built):
    native = gymnasium.make_vec("CartPole-v1", num_envs=4, vectorization_mode="vector_entry_point")
    loop = host_loop(built, 4, vector_env=native)
    episodes = loop.advance(loop.init(), STEPS).episodes
    assert np.all(episodes.ended > 3)


def test_chunks_do_not_matter(built):
    one, two = host_loop(built, 2), host_loop(built, 2)
    whole, parts = one.advance(one.init(), 90), two.init()
    for steps in (1, 29, 60):
        parts = two.advance(parts, steps)
    for a, b in zip(whole.episodes, parts.episodes, strict=True):
        assert np.array_equal(a, b)


def test_a_vector_environment_that_does_not_fit_is_refused(built):
    make = functools.partial(gymnasium.make, "CartPole-v1")
    with pytest.raises(NeurorlError, match="3 sub-environments for 2 seeds"):
        _ = host_loop(built, 2, vector_env=SyncVectorEnv([make] * 3)).env
    odd = SyncVectorEnv([make] * 2)
    odd.autoreset_mode = "SOMETIMES"
    with pytest.raises(NeurorlError, match="autoreset mode SOMETIMES is not supported; use NEXT_STEP"):
        host_loop(built, 2, vector_env=odd).warm_up(host_loop(built, 2).init())
