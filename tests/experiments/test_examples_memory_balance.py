"""What the examples of working memory and of balance show is there: on few seeds, in the numbers and not only in a figure."""

import numpy as np
import pytest

from experiments.examples import ei_balance, working_memory
from experiments.examples.working_memory import CONTROL_CUE, CUE, REMEMBERED, WINDOW

SEEDS = range(3)
IN_CUE = slice(CUE.start // WINDOW + 1, CUE.stop // WINDOW)


@pytest.fixture(scope="module")
def network():
    return working_memory.build()


def test_memory_outlives_its_cue_and_a_distractor(network):
    for seed in SEEDS:
        record = working_memory.simulate(network, seed)
        assert working_memory.duration(record) > 1000.0
        assert working_memory.survives(record)
        assert working_memory.rate(record, "A")[: CUE.start // WINDOW].max() < REMEMBERED


def test_without_a_cue_nothing_is_remembered(network):
    for seed in SEEDS:
        record = working_memory.simulate(network, seed, cue=0.0, distractor=0.0)
        assert working_memory.rest(record) < REMEMBERED / 2
        assert min(record.spikes[pool].sum() for pool in ("A", "B")) > 0  # it is at rest and not dead


def test_only_what_is_remembered_keeps_the_distractor_out(network):
    record = working_memory.simulate(network, 0, cue=0.0)
    assert working_memory.rate(record, "B")[-10:].min() > REMEMBERED


def test_a_distractor_as_strong_as_the_cue_takes_its_place(network):
    record = working_memory.simulate(network, 0, distractor=working_memory.CUE_CURRENT)
    assert working_memory.duration(record) > 1000.0  # until it came
    assert not working_memory.survives(record)
    assert working_memory.rate(record, "B")[-10:].min() > REMEMBERED


def test_without_recurrent_excitation_the_cue_is_answered_and_forgotten():
    control = working_memory.build(recurrent=0.0)
    for seed in SEEDS:
        record = working_memory.simulate(control, seed, cue=CONTROL_CUE)
        assert working_memory.rate(record, "A")[IN_CUE].min() > REMEMBERED
        assert working_memory.duration(record) <= 100.0


def test_the_duration_is_read_off_the_rate():
    spikes = np.zeros((working_memory.STEPS, 1))
    spikes[: CUE.stop + 250 : 20] = 1.0  # 50 Hz, until 250 ms after the cue
    record = working_memory.Record(1.0, {"A": spikes, "B": spikes}, {})
    assert working_memory.duration(record) == 250.0
    assert not working_memory.survives(record)


def test_with_inhibition_the_network_is_asynchronous_and_irregular():
    found = ei_balance.statistics(ei_balance.simulate(seed=0))
    assert 5.0 < found.rate < 20.0
    assert 0.8 < found.cv < 1.1
    assert abs(found.correlation) < 0.03


def test_without_inhibition_it_runs_to_its_limit():
    found = ei_balance.statistics(ei_balance.simulate(seed=0, inhibition=0.0))
    limit = 1000.0 / (ei_balance.NEURON.refractory + ei_balance.CONFIG.dt)
    assert found.rate == pytest.approx(limit, rel=0.01)
    assert found.cv < 0.05
