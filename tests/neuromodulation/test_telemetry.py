import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import modulators, telemetry
from neurorl.neuromodulation.modulators import Modulators
from neurorl.neuromodulation.telemetry import TICK_MODULATORS, NeuroModulators, TelemetryFrame, TelemetryParameters

P, M = TelemetryParameters(), Modulators()
step = jax.jit(telemetry.step)
NOMINAL = TelemetryFrame(60.0, 15.0, 1.0, 200.0, 0.4, 0.0, 1.0, 1.0)
READING = st.one_of(st.just(np.nan), st.floats(-1e4, 1e4))


def tonic(**readings):
    return step(P, M, modulators.init(), NOMINAL._replace(**readings)).tonic


def test_a_healthy_machine_is_calm_and_attentive():
    assert tonic() == modulators.Levels(1.0, 0.0, 0.0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("readings", "stress"),
    [
        ({"temperature_c": 83.0}, 0.0),
        ({"temperature_c": 88.0}, 0.5),
        ({"temperature_c": 93.0}, 1.0),
        ({"temperature_c": 150.0}, 1.0),
        ({"power_w": 20.0}, 0.0),
        ({"power_w": 1.0625 * 20.0}, 0.5),
        ({"power_w": 1.125 * 20.0}, 1.0),
        ({"wns_ns": 0.0}, 0.0),
        ({"wns_ns": -2.5}, 0.5),
        ({"errors": 3.0}, 0.3),
        ({"temperature_c": 85.0, "power_w": 21.0, "wns_ns": -1.0, "errors": 3.0}, 0.4),  # the worst of .2, .4, .2, .3
    ],
)
def test_cortisol_is_the_worst_stress(readings, stress):
    np.testing.assert_allclose(tonic(**readings).cortisol, stress, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("clock", "tempo"), [(200.0, 1.0), (300.0, 1.5), (50.0, 0.5), (900.0, 2.0)])
def test_tempo_follows_the_clock(clock, tempo):
    np.testing.assert_allclose(tonic(clock_mhz=clock).tempo, tempo)


@pytest.mark.parametrize(
    ("utilisation", "voltage", "attention"),
    [(1.0, 1.0, 1.0), (0.7, 1.0, 0.7), (0.1, 1.0, 0.4), (1.0, 0.9, 0.8), (1.0, 1.1, 0.8), (0.9, 0.5, 0.4), (np.nan, 0.9, 0.8)],
)
def test_acetylcholine_follows_activity_at_a_steady_voltage(utilisation, voltage, attention):
    np.testing.assert_allclose(tonic(utilisation=utilisation, voltage_v=voltage).acetylcholine, attention, rtol=1e-5)


@pytest.mark.parametrize(("throughput", "level"), [(1.0, 1.0), (0.5, 0.5), (0.0, 0.3), (7.0, 1.0)])
def test_throughput_sets_tonic_dopamine_and_leaves_the_phasic_signal_alone(throughput, level):
    state = step(P, M, modulators.init(), NOMINAL._replace(throughput=throughput))
    np.testing.assert_allclose(state.tonic.dopamine, level, rtol=1e-6)
    assert all(value == 0 for value in state.phasic)


def test_a_missing_reading_adds_no_stress_and_holds_the_other_levels():
    state = step(P, M, modulators.init(), NOMINAL._replace(temperature_c=90.0, clock_mhz=300.0, utilisation=0.6, throughput=0.5))
    after = step(P, M, state, TelemetryFrame())
    assert after.tonic == state.tonic._replace(cortisol=0.0)
    hot = step(P, M, state, TelemetryFrame(temperature_c=88.0))
    np.testing.assert_allclose(hot.tonic.cortisol, 0.5)


@given(readings=st.tuples(*[READING] * 8))
def test_no_reading_takes_a_level_out_of_its_range(readings):
    state = step(P, M, modulators.init(), TelemetryFrame(*readings))
    for name, value in zip(modulators.MODULATORS, modulators.levels(M, state), strict=True):
        assert getattr(M, name).low <= value <= getattr(M, name).high


def test_what_events_released_decays_by_neuromods_factors_a_tick():
    state = modulators.init(TICK_MODULATORS)
    for name in ("dopamine", "cortisol", "acetylcholine"):
        state = modulators.release(TICK_MODULATORS, state, name, 0.5)
    after = step(P, TICK_MODULATORS, state, NOMINAL, 1000.0).phasic
    np.testing.assert_allclose(
        [after.dopamine, after.cortisol, after.acetylcholine], 0.5 * np.array([0.95, 0.90, 0.99]), rtol=1e-5
    )


def test_a_run_of_frames_scans():
    frames = TelemetryFrame(*(np.full(3, reading, np.float32) for reading in NOMINAL))._replace(
        temperature_c=np.array([60.0, 88.0, 60.0], np.float32)
    )

    def one(state, frame):
        state = telemetry.step(P, M, state, frame)
        return state, state.tonic.cortisol

    _, stress = jax.lax.scan(one, modulators.init(), frames)
    np.testing.assert_allclose(stress, [0.0, 0.5, 0.0], atol=1e-6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"clock_nominal_mhz": 0.0}, r"clock_nominal_mhz' is 0.0; it must be above 0"),
        ({"heat_span_c": -1.0}, r"heat_span_c' is -1.0"),
        ({"attention_floor": 1.5}, r"attention_floor' is 1.5; it must be at most 1"),
    ],
)
def test_impossible_machines_are_refused(values, message):
    with pytest.raises(NeurorlError, match=message):
        TelemetryParameters(**values)


def test_modulators_are_made_from_one_frame():
    frame = NOMINAL._replace(temperature_c=88.0, clock_mhz=300.0, throughput=0.5, voltage_v=0.9)
    levels = NeuroModulators.from_telemetry(frame)
    assert isinstance(levels, modulators.Levels)
    np.testing.assert_allclose(
        (levels.cortisol, levels.tempo, levels.dopamine, levels.acetylcholine), (0.5, 1.5, 0.5, 0.8), rtol=1e-5
    )
    silent = NeuroModulators.from_telemetry(TelemetryFrame())
    np.testing.assert_array_equal(jax.tree.leaves(silent), jax.tree.leaves(modulators.levels(M, modulators.init())))
