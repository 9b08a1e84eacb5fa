import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neurons import izhikevich, population
from neurorl.neurons.izhikevich import PRESETS, Izhikevich, IzhikevichState

NAMES = list(PRESETS)
# One population holds every preset: a neuron each, in the order of NAMES.
ALL = Izhikevich(**{f: jnp.array([getattr(p, f) for p in PRESETS.values()]) for f in ("a", "b", "c", "d")})
DT = 0.5
run = jax.jit(population.run)
step = jax.jit(izhikevich.step)


def simulate(current, parameters=ALL):
    """Return the spike times of each preset, ms, for a current in time [steps]."""
    state = izhikevich.init(len(NAMES), parameters)
    _, (spikes, _) = run(parameters, state, jnp.tile(jnp.float32(current)[:, None], (1, len(NAMES))), DT)
    return {name: DT * np.flatnonzero(train) for name, train in zip(NAMES, np.asarray(spikes).T, strict=True)}


@pytest.fixture(scope="module", params=["half_steps", "euler"])
def fired(request):
    """Return the spike times of each preset for a constant current of 10, by preset, in either scheme."""
    return simulate(np.full(2000, 10.0), ALL.replace(scheme=request.param))


def test_presets_are_those_of_the_paper():
    assert {name: (p.a, p.b, p.c, p.d) for name, p in PRESETS.items()} == {
        "regular_spiking": (0.02, 0.2, -65, 8),
        "intrinsically_bursting": (0.02, 0.2, -55, 4),
        "chattering": (0.02, 0.2, -50, 2),
        "fast_spiking": (0.1, 0.2, -65, 2),
        "low_threshold_spiking": (0.02, 0.25, -65, 2),
        "thalamo_cortical": (0.02, 0.25, -65, 0.05),
        "resonator": (0.1, 0.26, -65, 2),
    }


def test_regular_spiking_adapts_and_fast_spiking_hardly_does(fired):
    regular, fast = np.diff(fired["regular_spiking"]), np.diff(fired["fast_spiking"])
    assert regular[1:].mean() > 1.8 * regular[0]
    assert regular[1:].std() < 0.1 * regular[1:].mean()
    assert fast[2:].mean() < 15.0 < 40.0 < regular[1:].mean()  # far faster, and soon regular
    assert abs(fast[2:12].mean() / fast[-10:].mean() - 1) < 0.1


def test_chattering_fires_bursts_for_ever(fired):
    intervals = np.diff(fired["chattering"])
    short, long = intervals[intervals < 10], intervals[intervals > 25]
    assert len(short) + len(long) == len(intervals)  # two modes, and nothing between them
    assert len(long) >= 10
    assert len(short) >= 2 * len(long)


def test_intrinsically_bursting_fires_one_burst_and_then_single_spikes(fired):
    intervals = np.diff(fired["intrinsically_bursting"])
    assert (intervals[:2] < 7).all()
    assert (intervals[2:] > 20).all()
    assert len(intervals) > 20


def test_low_threshold_spiking_fires_where_regular_spiking_is_silent_and_adapts():
    weak = simulate(np.full(1200, 2.0))
    assert len(weak["low_threshold_spiking"]) > 5
    assert not any(len(weak[name]) for name in ("regular_spiking", "fast_spiking", "chattering", "intrinsically_bursting"))


def test_low_threshold_spiking_starts_at_a_high_rate_and_adapts(fired):
    intervals = np.diff(fired["low_threshold_spiking"])
    assert intervals[:3].mean() < 8.0
    assert intervals[-10:].mean() > 2 * intervals[:3].mean()


def test_thalamo_cortical_rebounds_with_a_burst_after_hyperpolarisation_and_fires_tonically_from_rest(fired):
    current = np.zeros(1200)
    current[200:800] = -10.0  # until 400 ms
    rebound = simulate(current)
    burst = rebound["thalamo_cortical"]
    assert len(burst) >= 2
    assert (burst > 400).all()
    assert np.diff(burst)[0] < 15.0
    assert not any(len(rebound[name]) for name in ("regular_spiking", "fast_spiking", "chattering", "intrinsically_bursting"))
    assert np.diff(fired["thalamo_cortical"]).max() < 15.0


def test_resonator_responds_most_to_an_intermediate_frequency():
    frequencies = np.array([2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 100.0, 150.0])  # Hz
    time = DT * np.arange(3000)
    current = 0.05 * np.sin(2 * np.pi * frequencies * time[:, None] / 1000.0)
    swing = {}
    for name in ("resonator", "regular_spiking"):
        parameters = Izhikevich(*(jnp.full(len(frequencies), getattr(PRESETS[name], f)) for f in "abcd"))
        _, (spikes, v) = run(parameters, izhikevich.init(len(frequencies), parameters), jnp.float32(current), DT)
        assert spikes.sum() == 0
        swing[name] = np.ptp(np.asarray(v)[1500:], axis=0)
    assert 20 <= frequencies[swing["resonator"].argmax()] <= 60
    assert swing["resonator"].max() > 2 * max(swing["resonator"][0], swing["resonator"][-1])
    assert swing["regular_spiking"].max() < 1.4 * swing["regular_spiking"][0]


@given(b=st.floats(-0.5, 0.26), current=st.floats(-30.0, 0.0))
def test_resting_point_solves_the_quadratic_and_stays(b, current):
    with jax.enable_x64(True):
        v, u = izhikevich.resting_point(Izhikevich(b=b), current)
        assert 0.04 * v**2 + 5 * v + 140 - u + current == pytest.approx(0.0, abs=1e-9)
        assert u == b * v
        assert v <= -(5 - b) / 0.08  # the lower one: the upper is the threshold


def test_without_a_resting_point_the_neuron_starts_where_it_is_slowest_and_fires():
    parameters = Izhikevich(b=0.3)
    state = izhikevich.init(1, parameters)
    assert state.v[0] == pytest.approx(-(5 - 0.3) / 0.08)
    _, (spikes, _) = run(parameters, state, jnp.zeros((2000, 1)), DT)
    assert spikes.sum() > 0


def test_all_presets_are_silent_at_rest_without_input():
    state = izhikevich.init(len(NAMES), ALL)
    assert (state.v < -60).all()
    end, (spikes, _) = run(ALL, state, jnp.zeros((1000, len(NAMES))), DT)
    assert spikes.sum() == 0
    np.testing.assert_allclose(end.v, state.v, atol=0.05)


@pytest.mark.parametrize("scheme", ["half_steps", "euler"])
def test_schemes_converge_at_first_order(scheme):
    parameters = Izhikevich(scheme=scheme)

    @jax.jit
    def end(steps, dt):
        start = IzhikevichState(jnp.array([-70.0]), jnp.array([-14.0]))
        last = jax.lax.fori_loop(0, steps, lambda _, state: izhikevich.step(parameters, state, jnp.array([3.5]), dt)[0], start)
        return jnp.concatenate(last)

    with jax.enable_x64(True):
        ends = np.array([end(round(10.0 / dt), dt) for dt in (0.05, 0.025, 0.0125, 0.00625)])
    assert (ends < -10.0).all()  # a spike would have raised u by 8
    changes = np.linalg.norm(np.diff(ends, axis=0), axis=1)
    np.testing.assert_allclose(np.log2(changes[:-1] / changes[1:]), 1.0, atol=0.1)


@given(
    a=st.floats(0.005, 0.2),
    b=st.floats(-0.5, 0.5),
    c=st.floats(-80.0, -45.0),
    d=st.floats(-2.0, 10.0),
    v=st.floats(-90.0, 29.0),
    u=st.floats(-30.0, 10.0),
    current=st.floats(-20.0, 100.0),
    dt=st.floats(0.05, 1.0),
    scheme=st.sampled_from(["half_steps", "euler"]),
)
def test_step_is_the_update_of_its_scheme_with_the_reset_after_it(a, b, c, d, v, u, current, dt, scheme):
    parameters = Izhikevich(a, b, c, d, scheme=scheme)
    state, spikes = step(parameters, IzhikevichState(jnp.array([v]), jnp.array([u])), jnp.array([current]), dt)
    old = v
    for part in (dt,) if scheme == "euler" else (dt / 2, dt / 2):
        v += part * (0.04 * v**2 + 5 * v + 140 - u + current)
    u += dt * a * (b * (old if scheme == "euler" else v) - u)
    if abs(v - 30.0) > 1e-2:  # rounding may decide what lies on the peak itself
        fired = v >= 30.0
        assert spikes[0] == fired
        np.testing.assert_allclose(state.v[0], c if fired else v, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(state.u[0], u + d * fired, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": 0.0}, r"Izhikevich\.a' is 0.0; it must be above 0.0"),
        ({"d": float("inf")}, r"d' is inf; it must be a finite number"),
        ({"c": 30.0}, r"v_peak' is 30.0 mV, not above c, 30.0 mV"),
        ({"scheme": "eular"}, r"scheme' is 'eular'; .* did you mean 'euler'"),
    ],
)
def test_impossible_parameters_are_refused(change, message):
    with pytest.raises(NeurorlError, match=message):
        Izhikevich(**change)


def test_a_parameter_of_another_size_than_the_population_is_refused():
    with pytest.raises(NeurorlError, match=r"Izhikevich\.a' has shape \(7,\); .* each of the 3 neurons"):
        izhikevich.init(3, ALL)
