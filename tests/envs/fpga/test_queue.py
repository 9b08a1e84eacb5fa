from collections import deque

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.envs.fpga import queue

STEPS = 5


class Fifo:
    """The same queue as a list of (work, age), oldest first."""

    def __init__(self):
        self.items = deque()

    def tick(self, arrivals, capacity):
        self.items.append([arrivals, 0])
        served = waited = 0.0
        for item in self.items:
            take = min(item[0], capacity - served)
            item[0] -= take
            served += take
            waited += take * item[1]
        for item in self.items:
            item[1] += 1
        late = sum(work for work, age in self.items if age >= STEPS)
        self.items = deque(item for item in self.items if item[1] < STEPS)
        return served, waited, late

    def left(self):
        return sum(work for work, _ in self.items)


@given(st.lists(st.tuples(st.floats(0, 3, width=32), st.floats(0, 3, width=32)), min_size=1, max_size=25))
def test_cumulated_work_is_a_first_in_first_out_queue_with_deadlines(ticks):
    work, fifo = jnp.zeros(STEPS), Fifo()
    for arrivals, capacity in ticks:
        work, served, waited = queue.serve(queue.arrive(work, arrivals), jnp.float32(capacity))
        work, late = queue.wait(work)
        expected = fifo.tick(arrivals, capacity)
        assert (float(served), float(waited), float(late)) == pytest.approx(expected, abs=1e-4)
        assert float(work[0]) == pytest.approx(fifo.left(), abs=1e-4)
        assert np.all(np.diff(work) <= 1e-6)


def test_work_that_nobody_serves_is_late_after_its_time_and_not_before():
    work = queue.arrive(jnp.zeros(STEPS), 1.0)
    for _ in range(STEPS - 1):
        work, late = queue.wait(work)
        assert late == 0
        assert work[0] == 1
    work, late = queue.wait(work)
    assert late == 1
    assert not work.any()
