import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neurons import adaptive_lif, escape_noise, lif, population
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.escape_noise import EscapeNoise
from neurorl.neurons.izhikevich import Izhikevich
from neurorl.neurons.lif import LIF, LIFState

P = LIF()
KEY = jax.random.key(0)
run, step = jax.jit(population.run), jax.jit(lif.step)
N = 20_000  # neurons that are clamped
SHAPE = (600, 100)  # steps and neurons of a run
REST = lif.init(SHAPE[1])


@given(
    tau_0=st.floats(0.1, 50.0),
    width=st.floats(0.2, 10.0),
    excess=st.floats(-15.0, 5.0),
    dt=st.floats(0.01, 2.0),
)
def test_probability_is_that_of_a_poisson_process_of_the_rate_whatever_the_step(tau_0, width, excess, dt):
    noise, above = EscapeNoise(tau_0, width), jnp.float32(excess)
    expected = 1 - np.exp(-dt / tau_0 * np.exp(excess / width))
    np.testing.assert_allclose(escape_noise.probability(noise, above, dt), expected, rtol=1e-4)
    np.testing.assert_allclose(escape_noise.rate(noise, above), 1000.0 / tau_0 * np.exp(excess / width), rtol=1e-4)
    survived = 1.0 - escape_noise.probability(noise, above, dt)
    np.testing.assert_allclose(1.0 - escape_noise.probability(noise, above, 2 * dt), survived**2, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("excess", [-6.0, -2.0, 0.0, 1.0, 4.0])
def test_neurons_at_a_clamped_potential_fire_as_often_as_the_hazard_says(excess):
    noise, dt, v = EscapeNoise(tau_0=2.0, width=1.5), 0.5, P.v_threshold + excess
    state = LIFState(jnp.full(N, v), jnp.zeros(N))
    _, spikes = step(
        P.replace(escape=noise), state, jnp.full(N, (v - P.v_rest) / P.resistance), dt, jax.random.key(int(excess) + 10)
    )
    p = 1 - np.exp(-dt / 2.0 * np.exp(excess / 1.5))
    assert abs(spikes.mean() - p) <= 5 * np.sqrt(p * (1 - p) / N)
    assert set(np.unique(spikes)) <= {0.0, 1.0}


def test_intervals_of_a_fast_membrane_are_the_refractory_period_and_a_geometric_wait():
    parameters, dt = P.replace(tau_m=0.01), 0.5
    noise = EscapeNoise(tau_0=5.0, width=2.0)
    _, (spikes, _) = run(parameters.replace(escape=noise), REST, jnp.full(SHAPE, 16.0), dt, KEY)  # 1 mV above the threshold
    intervals = np.concatenate([np.diff(np.flatnonzero(train)) for train in np.asarray(spikes).T])
    p = 1 - np.exp(-dt / 5.0 * np.exp(1.0 / 2.0))
    held = P.refractory / dt
    assert intervals.min() == held + 1
    assert abs(intervals.mean() - held - 1 / p) < 5 * np.sqrt((1 - p) / p**2 / len(intervals))


def test_a_vanishing_width_is_the_hard_threshold():
    currents = 45.0 * jax.random.uniform(KEY, SHAPE)
    _, (hard, v_hard) = run(P, REST, currents, 0.5)
    _, (soft, v_soft) = run(P.replace(escape=EscapeNoise(width=1e-6)), REST, currents, 0.5, KEY)
    assert hard.sum() > 20
    np.testing.assert_array_equal(soft, hard)
    np.testing.assert_array_equal(v_soft, v_hard)


def test_the_key_alone_decides_the_noise_and_neurons_are_independent_of_each_other():
    currents, noise = jnp.full(SHAPE, 13.0), EscapeNoise()
    _, (spikes, _) = run(P.replace(escape=noise), REST, currents, 1.0, KEY)
    _, (again, _) = run(P.replace(escape=noise), REST, currents, 1.0, KEY)
    _, (other, _) = run(P.replace(escape=noise), REST, currents, 1.0, jax.random.key(1))
    np.testing.assert_array_equal(spikes, again)
    assert (spikes != other).any()
    assert len(np.unique(np.asarray(spikes).T, axis=0)) == SHAPE[1]


def test_the_adaptive_neuron_takes_the_same_noise():
    currents, noise = jnp.full(SHAPE, 18.0), EscapeNoise(width=1.0)
    adaptive, start = AdaptiveLIF(), adaptive_lif.init(SHAPE[1])
    noisy = jax.jit(population.run)
    _, (plain, _) = run(P.replace(escape=noise), REST, currents, 1.0, KEY)
    _, (same, _) = noisy(adaptive.replace(b=0.0, escape=noise), start, currents, 1.0, KEY)
    _, (adapted, _) = noisy(adaptive.replace(escape=noise), start, currents, 1.0, KEY)
    np.testing.assert_array_equal(same, plain)
    assert adapted[300:].sum() < 0.8 * plain[300:].sum()


def test_noise_without_a_key_and_impossible_constants_are_refused():
    with pytest.raises(NeurorlError, match="give the step a 'key'"):
        lif.step(P.replace(escape=EscapeNoise()), lif.init(1), jnp.zeros(1), 1.0)
    with pytest.raises(NeurorlError, match=r"width' is 0.0; it must be above 0.0"):
        EscapeNoise(width=0.0)
    with pytest.raises(NeurorlError, match=r"tau_0' is -1.0"):
        EscapeNoise(tau_0=-1.0)


def test_an_izhikevich_cell_with_escape_noise_fires_as_often_as_its_hazard_says_and_without_it_is_the_paper():
    cell = Izhikevich(escape=EscapeNoise(tau_0=1.0, width=2.0), v_threshold=-60.0)
    state = cell.init(N)
    probability = cell.hazard(state, jnp.zeros(N), 1.0)
    _, spikes = jax.jit(cell.step)(state, jnp.zeros(N), 1.0, KEY)
    p = float(probability[0])
    assert 0.0 < p < 0.1
    assert abs(spikes.mean() - p) <= 5 * np.sqrt(p * (1 - p) / N)
    assert float(cell.modulated(threshold=1e6).hazard(state, jnp.zeros(N)).max()) == 0.0
    plain = Izhikevich()
    assert float(plain.hazard(plain.init(3)._replace(v=jnp.full(3, 29.0)), jnp.full(3, 50.0)).min()) == 1.0
    assert float(plain.hazard(plain.init(3), jnp.zeros(3)).max()) == 0.0
