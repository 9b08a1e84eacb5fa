import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.synapses.spike_trace import FEW_NEURONS, FEW_SUBSTEPS, NEGLIGIBLE, SpikeTrace

S, C = 7, 5


@jax.jit
def everything(trace, weights, post):
    forms = trace.traces(), trace.project(weights), trace.correlate(post), trace.final(), trace.total()
    return dict(zip(("traces", "project", "correlate", "final", "total"), forms, strict=True))


def random_trace(rng, decay, gain, substeps=S):
    initial, spikes = rng.uniform(size=C), rng.integers(0, 3, (substeps, C))
    return SpikeTrace(jnp.float32(initial), jnp.float32(spikes), jnp.float32(decay), jnp.float32(gain))


def recurrence(trace):
    x, rows = np.asarray(trace.initial, float), []
    for spikes in np.asarray(trace.spikes, float):
        x = float(trace.decay) * x + float(trace.gain) * spikes
        rows.append(x)
    return np.stack(rows)


@pytest.mark.parametrize("substeps", [1, S, FEW_SUBSTEPS + 1])
@pytest.mark.parametrize("neurons", [1, FEW_NEURONS, FEW_NEURONS + 1])
@given(seed=st.integers(0, 2**32 - 1), decay=st.floats(0.0, 1.0), gain=st.floats(0.0, 2.0))
def test_every_form_agrees_with_the_recurrence(substeps, neurons, seed, decay, gain):
    rng = np.random.default_rng(seed)
    trace, weights = random_trace(rng, decay, gain, substeps), rng.normal(size=(neurons, C))
    post = rng.normal(size=(substeps, neurons))
    x = recurrence(trace)
    expected = {"traces": x, "project": x @ weights.T, "correlate": post.T @ x, "final": x[-1], "total": x.sum(0)}
    for name, value in everything(trace, jnp.float32(weights), jnp.float32(post)).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_final_trace_is_where_the_next_step_begins():
    whole = random_trace(np.random.default_rng(0), 0.8, 0.2)
    first = whole._replace(spikes=whole.spikes[:3])
    second = whole._replace(spikes=whole.spikes[3:], initial=first.final())
    np.testing.assert_allclose(jnp.concatenate([first.traces(), second.traces()]), whole.traces(), rtol=1e-5)


@pytest.mark.parametrize(("start", "kept"), [(4 * NEGLIGIBLE, True), (1.5 * NEGLIGIBLE, False)])
def test_a_final_trace_too_small_to_matter_is_zero(start, kept):
    trace = SpikeTrace(jnp.array([start]), jnp.zeros((1, 1)), jnp.float32(0.5), jnp.float32(1.0))
    assert (trace.final()[0] > 0) == kept
