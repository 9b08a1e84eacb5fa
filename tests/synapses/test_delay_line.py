import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.synapses import delay_line

N, DEPTH, STEPS = 3, 5, 17


@jax.jit
def play(trains, delays, neurons):
    """Push ``trains`` [steps, n]; return what was read after each push, at per-synapse and at whole-line delays."""

    def one(line, values):
        line = delay_line.push(line, values)
        lines = jnp.stack([delay_line.read(line, delay) for delay in range(1, DEPTH + 1)])
        return line, (delay_line.read(line, delays, neurons), lines)

    return jax.lax.scan(one, delay_line.init(N, DEPTH), trains)[1]


@given(
    trains=st.lists(st.lists(st.floats(0, 2, width=32), min_size=N, max_size=N), min_size=STEPS, max_size=STEPS),
    synapses=st.lists(st.tuples(st.integers(1, DEPTH), st.integers(0, N - 1)), min_size=4, max_size=4),
)
def test_a_line_gives_back_what_was_pushed_that_many_steps_ago(trains, synapses):
    trains = np.array(trains, np.float32)
    delays, neurons = np.array(synapses).T
    read, lines = play(trains, delays, neurons)
    # A delay of 1 is the last push, and before the first push the neurons were silent.
    past = np.concatenate([np.zeros((DEPTH, N), np.float32), trains])
    now = np.arange(STEPS)[:, None] + DEPTH + 1
    np.testing.assert_array_equal(read, past[now - delays, neurons])
    np.testing.assert_array_equal(lines, past[now - np.arange(1, DEPTH + 1)])


def test_rows_of_a_batch_are_the_lines_alone():
    rng = np.random.default_rng(0)
    trains, delays = rng.random((2, STEPS, N)).astype(np.float32), rng.integers(1, DEPTH + 1, (2, 4))
    neurons = np.array([0, 1, 2, 0])
    batch = jax.vmap(play, (0, 0, None))(trains, delays, neurons)[0]
    for index in range(2):
        np.testing.assert_array_equal(batch[index], play(trains[index], delays[index], neurons)[0])


@given(steps=st.integers(1, 500), dt=st.sampled_from([0.01, 0.1, 0.125, 0.3, 1.0, 2.0]))
def test_a_multiple_of_the_step_becomes_that_many_steps_in_either_precision(steps, dt):
    for delay in (steps * dt, np.float32(steps) * np.float32(dt)):
        result = delay_line.to_steps(delay, dt, max_delay=500 * dt)
        assert result == steps
        assert result.dtype == np.int32


@given(steps=st.integers(1, 100), part=st.floats(0.01, 0.99))
def test_a_delay_between_steps_is_refused(steps, part):
    with pytest.raises(NeurorlError, match="multiple of the step"):
        delay_line.to_steps(np.array([1.0, (steps + part) * 0.5]), 0.5, max_delay=1000.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: delay_line.to_steps(0.0, 1.0, 10.0), "'delay' is 0.0 ms; a synapse takes at least one step: use 1.0 ms"),
        (lambda: delay_line.to_steps(np.array([1.0, -2.0]), 1.0, 10.0), "'delay' is -2.0 ms"),
        (lambda: delay_line.to_steps(0.1, 1.0, 10.0), "at least one step"),
        (lambda: delay_line.to_steps(np.array([3.0, 11.0]), 1.0, 10.0), "'delay' is 11.0 ms; it must be at most max_delay, 10.0"),
        (lambda: delay_line.to_steps(float("nan"), 1.0, 10.0), "'delay' is nan ms; it must be a finite number"),
        (lambda: delay_line.to_steps(float("inf"), 1.0, 10.0), "'delay' is inf ms; it must be a finite number"),
        (lambda: delay_line.to_steps(1.0, 0.0, 10.0), "'dt' is 0.0"),
        (lambda: delay_line.init(0, 3), "'n' is 0"),
        (lambda: delay_line.init(3, 0), "'max_delay' is 0"),
    ],
)
def test_impossible_delays_are_refused(call, message):
    with pytest.raises(NeurorlError, match=message):
        call()
