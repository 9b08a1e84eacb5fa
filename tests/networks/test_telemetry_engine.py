import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import persistence
from neurorl.networks.telemetry_engine import EngineParameters, TelemetryEngine, intensities
from neurorl.neuromodulation.reward import BreakthroughFound, SourceSwitch, WorkAccepted
from neurorl.neuromodulation.telemetry import TelemetryFrame

FRAME = TelemetryFrame(temperature_c=71.0, power_w=12.0, voltage_v=1.0, clock_mhz=250.0, utilisation=0.8, throughput=1.0)


@pytest.fixture(scope="module")
def engine():
    return TelemetryEngine(EngineParameters(threshold_rate=0.5))


def ticks(engine, state, n, frame=FRAME):
    counts = np.zeros(13)
    for _ in range(n):
        state, activity = engine.tick(state, frame)
        counts += np.r_[activity.lif, activity.izhikevich]
    return state, counts


def weights(state):
    return [np.asarray(pathway.weights) for pathway in state.network.pathways]


def test_intensity_is_where_a_reading_lies_in_its_range_and_a_missing_one_is_silent():
    values = intensities(FRAME._replace(wns_ns=0.0, errors=jnp.nan, power_w=99.0))
    np.testing.assert_allclose(values, [51 / 80, 1.0, 0.5, 0.625, 0.5, 0.0, 0.8, 0.5], rtol=1e-6)


def test_thirteen_neurons_learn_only_from_events_and_keep_their_norm(engine):
    start = engine.init(0)
    before, counts = ticks(engine, start, 10)
    assert counts.shape == (13,)
    assert counts.min() > 0
    for a, b in zip(weights(start), weights(before), strict=True):
        np.testing.assert_array_equal(a, b)
    after, _ = ticks(engine, engine.reward(before, WorkAccepted()), 5)
    for pathway, a, b in zip(engine.network.pathways, weights(before), weights(after), strict=True):
        assert np.abs(a - b).max() > 1e-3
        post = pathway.projection.connectivity.post
        np.testing.assert_allclose(np.bincount(post, b), pathway.scaling_target, rtol=1e-4)


def test_thresholds_bring_the_neurons_to_their_rate(engine):
    state, _ = ticks(engine, engine.init(1), 250)
    _, counts = ticks(engine, state, 100)
    np.testing.assert_allclose(counts[:8] / 2.0, 20.0, atol=3.0)


def test_telemetry_sets_the_tonic_levels_and_events_the_phasic_ones(engine):
    state, _ = engine.tick(engine.init(0), FRAME._replace(temperature_c=88.0))
    assert float(state.network.modulators.tonic.cortisol) == pytest.approx(0.5)
    assert float(state.network.modulators.tonic.tempo) == pytest.approx(1.25)
    found = engine.reward(state, BreakthroughFound())
    assert float(found.network.modulators.phasic.dopamine) == pytest.approx(0.8)
    switched = engine.reward(found, SourceSwitch())
    assert float(switched.network.modulators.phasic.dopamine) == 0.0
    assert float(switched.network.modulators.phasic.cortisol) == pytest.approx(0.3)


def test_an_engine_is_saved_as_json_and_goes_on_bit_for_bit(engine):
    state, _ = ticks(engine, engine.reward(engine.init(2), BreakthroughFound()), 3)
    again = persistence.from_json(persistence.to_json(state))
    (whole, a), (resumed, b) = ticks(engine, state, 3), ticks(engine, again, 3)
    np.testing.assert_array_equal(a, b)
    for x, y in zip(jax.tree.leaves(whole.network.pathways), jax.tree.leaves(resumed.network.pathways), strict=True):
        np.testing.assert_array_equal(x, y)
