import dataclasses
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.errors import NeurorlError
from neurorl.neurons import escape_noise
from neurorl.plasticity import rules
from neurorl.plasticity.rules import Response
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.spike_trace import SpikeTrace

S, C, N = 6, 4, 3
SEEDS = st.integers(0, 2**32 - 1)
P = STDP(a_plus=1.0, a_minus=1.2)
RULES = {name: jax.jit(functools.partial(rule.over, P)) for name, rule in rules.RULES.items()}


def random_pre(rng, substeps=S):
    decay = rng.uniform(0.3, 0.95)
    initial, spikes = jnp.float32(rng.uniform(size=C)), jnp.float32(rng.integers(0, 2, (substeps, C)))
    return SpikeTrace(initial, spikes, jnp.float32(decay), jnp.float32(1 - decay))


def random_post(rng):
    return Response(jnp.float32(rng.integers(0, 2, (S, N))), jnp.float32(rng.uniform(size=(S, N)) / N))


@given(seed=SEEDS)
def test_escape_noise_is_the_score_of_bernoulli_spikes_with_a_logistic_hazard(seed):
    """With p = sigmoid(w x) the gradient of sum s log p + (1 - s) log(1 - p) is sum (s - p) x, without approximation."""
    rng = np.random.default_rng(seed)
    pre, spikes, weights = random_pre(rng), random_post(rng).spikes, jnp.float32(rng.normal(size=(N, C)))

    def log_likelihood(weights):
        drive = pre.project(weights)
        return (spikes * jax.nn.log_sigmoid(drive) + (1 - spikes) * jax.nn.log_sigmoid(-drive)).sum()

    increment = RULES["escape-noise"](pre, Response(spikes, jax.nn.sigmoid(pre.project(weights))))
    np.testing.assert_allclose(increment, jax.grad(log_likelihood)(weights), rtol=1e-4, atol=1e-5)


@given(seed=SEEDS)
def test_escape_noise_is_the_score_of_the_decision_when_every_substep_has_one_spike(seed):
    """With the population's own hazard at rate 1 it is the gradient of the log softmax of the neurons that fired."""
    rng = np.random.default_rng(seed)
    pre, weights = random_pre(rng), jnp.float32(rng.normal(size=(N, C)))
    spikes = jax.nn.one_hot(rng.integers(0, N, S), N)

    def log_likelihood(weights):
        return (spikes * jax.nn.log_softmax(pre.project(weights))).sum()

    increment = RULES["escape-noise"](pre, Response(spikes, escape_noise.hazard(pre.project(weights), 1.0)))
    np.testing.assert_allclose(increment, jax.grad(log_likelihood)(weights), rtol=1e-4, atol=1e-5)


def test_escape_noise_has_expectation_zero_over_independent_spikes():
    """Summed over every spike pattern of two neurons in three substeps, each with its probability."""
    rng = np.random.default_rng(0)
    pre = random_pre(rng, substeps=3)
    hazard = escape_noise.hazard(pre.project(jnp.float32(rng.normal(size=(2, C)))), 0.7)
    patterns = jnp.array(list(itertools.product((0.0, 1.0), repeat=6))).reshape(-1, 3, 2)
    probability = jnp.where(patterns == 1, hazard, 1 - hazard).prod((1, 2))
    increments = jax.vmap(lambda spikes: rules.escape_noise.over(P, pre, Response(spikes, hazard)))(patterns)
    np.testing.assert_allclose(probability.sum(), 1.0, rtol=1e-5)
    assert jnp.abs(increments).max() > 0.1
    np.testing.assert_allclose(jnp.tensordot(probability, increments, 1), 0.0, atol=1e-6)


def test_escape_noise_averages_to_zero_over_the_spikes_of_a_population_without_inhibition():
    rng = np.random.default_rng(1)
    pre, samples = random_pre(rng), 20_000
    hazard = escape_noise.hazard(pre.project(jnp.float32(rng.normal(size=(N, C)))), 0.5)

    def draw(key):
        decision = escape_noise.first_spike(key, hazard, inhibition=False)
        return rules.escape_noise.over(P, pre, Response(decision.spikes, hazard * decision.active[:, None]))

    increments = np.asarray(jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(0), samples)))
    assert (np.abs(increments.mean(0)) < 5 * increments.std(0) / np.sqrt(samples)).all()


@given(seed=SEEDS)
def test_td_ltp_only_potentiates(seed):
    rng = np.random.default_rng(seed)
    pre, post = random_pre(rng), random_post(rng)
    increment = RULES["td-ltp"](pre, post)
    assert (increment >= 0).all()
    np.testing.assert_allclose(increment, post.spikes.T @ pre.traces(), rtol=1e-4, atol=1e-5)


@given(seed=SEEDS)
def test_pair_stdp_is_the_sum_over_all_pairs(seed):
    """A presynaptic spike reaches the neuron within its substep, so that it comes before a postsynaptic one there."""
    rng = np.random.default_rng(seed)
    pre, post = random_pre(rng), random_post(rng)
    decay, gain = float(pre.decay), float(pre.gain)
    expected = np.zeros((N, C))
    for i, c in itertools.product(range(N), range(C)):
        for k in np.flatnonzero(post.spikes[:, i]):
            expected[i, c] += float(pre.initial[c]) * decay ** (k + 1)
            for j in np.flatnonzero(pre.spikes[:, c]):
                expected[i, c] += gain * decay ** (k - j) if j <= k else -P.a_minus * gain * decay ** (j - k)
    np.testing.assert_allclose(RULES["pair-stdp"](pre, post), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", RULES)
def test_a_silent_population_with_no_hazard_remembers_nothing(name):
    silent = Response(jnp.zeros((S, N)), jnp.zeros((S, N)))
    assert (RULES[name](random_pre(np.random.default_rng(0)), silent) == 0).all()


@pytest.mark.parametrize("name", RULES)
@given(seed=SEEDS)
def test_the_matrix_products_are_the_sum_of_the_substeps(name, seed):
    """What holds for any rule, one substep at a time, is the same: the filtered path equals the reference."""
    rng = np.random.default_rng(seed)
    pre, post = random_pre(rng), random_post(rng)
    rule = dataclasses.replace(rules.RULES[name], coincident=True)
    stepwise = rules.increment(lambda *arguments: rule(*arguments), P, pre, post)
    np.testing.assert_allclose(RULES[name](pre, post), stepwise, rtol=1e-3, atol=1e-4)


def test_rules_are_found_by_name_and_by_import():
    assert rules.find("td-ltp") is rules.td_ltp
    assert rules.find("neurorl.plasticity.rules:pair_stdp") is rules.pair_stdp


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("escape-nose", "did you mean 'escape-noise'"),
        ("no_such_module:rule", "no_such_module"),
        ("neurorl.plasticity.rules:no_rule", "no_rule"),
    ],
)
def test_an_unknown_rule_is_named_in_the_error(name, message):
    with pytest.raises(NeurorlError, match=message):
        rules.find(name)
