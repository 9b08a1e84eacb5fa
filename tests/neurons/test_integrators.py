import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.errors import NeurorlError
from neurorl.neurons import LIF, IntegrateAndFire, LeakyIntegrator, lif, population

run = jax.jit(population.run)


def test_without_a_leak_the_interval_is_the_charge_of_the_threshold():
    model = IntegrateAndFire(v_threshold=10.0, v_reset=0.0, resistance=0.5, drive=1.0)
    current = jnp.array([0.0, 1.0, 3.0, 9.0])
    _, (spikes, _) = run(model, model.init(4), jnp.tile(current, (400, 1)), 0.25)
    every = 10.0 / (0.5 * (np.asarray(current) + 1.0) * 0.25)  # steps
    np.testing.assert_array_equal(np.asarray(spikes.sum(0)), np.floor(400 / np.ceil(every)))


def test_without_a_leak_it_is_the_limit_of_a_leaky_neuron_with_a_long_time_constant():
    steps = jnp.tile(jnp.array([0.3, 0.5, 0.7]), (20, 1))
    perfect = IntegrateAndFire(v_threshold=15.0, v_reset=0.0)
    _, (spikes, v) = run(perfect, perfect.init(3), steps, 1.0)
    off = []
    for tau in (200.0, 2000.0):
        leaky = LIF(tau_m=tau, v_rest=0.0, v_reset=0.0, v_threshold=15.0, refractory=0.0, resistance=tau)
        _, (theirs, u) = run(leaky, lif.init(3, leaky), steps, 1.0)
        assert float(spikes.sum() + theirs.sum()) == 0.0
        off.append(float(np.abs(np.asarray(u - v)).max()))
    assert off[0] == pytest.approx(14.0 * 20.0 / 2.0 / 200.0, rel=0.1)  # what has leaked, to the first order of 1 / tau
    assert off[1] == pytest.approx(0.1 * off[0], rel=0.1)


def test_without_a_threshold_it_is_a_leaky_neuron_that_never_fires():
    current = jnp.asarray(np.random.default_rng(0).normal(0.0, 500.0, (200, 5)), jnp.float32)
    quiet = LeakyIntegrator(tau_m=7.0, v_rest=-60.0, resistance=2.0)
    leaky = LIF(tau_m=7.0, v_rest=-60.0, v_threshold=1e6, resistance=2.0)
    _, (spikes, v) = run(quiet, quiet.init(5), current, 0.5)
    _, (_, u) = run(leaky, lif.init(5, leaky), current, 0.5)
    assert not spikes.any()
    np.testing.assert_array_equal(np.asarray(v), np.asarray(u))
    assert float(v.max()) > 100.0


@pytest.mark.parametrize("model", [IntegrateAndFire(resistance=3.0), LeakyIntegrator(tau_m=4.0, resistance=3.0)])
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_a_jump_of_1_mv_is_one(model, dt):
    state, _ = model.step(model.init(1), jnp.ones(1) * model.current_of_jump(dt), dt)
    np.testing.assert_allclose(state.v - model.init(1).v, 1.0, rtol=1e-5)


def test_a_threshold_below_the_reset_is_refused():
    with pytest.raises(NeurorlError, match=r"IntegrateAndFire.v_threshold' is 1.0 mV, not above v_reset, 2.0 mV"):
        IntegrateAndFire(v_threshold=1.0, v_reset=2.0)
