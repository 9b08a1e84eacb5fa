"""The visual hierarchy: V1 fires for the edges it is wired for; IT learns by the reference rule, and not without dopamine."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.examples import visual_hierarchy as vh
from neurorl.errors import NeurorlError
from neurorl.plasticity import dopamine_stdp
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP

CLASSES = 10


def weights(key: int = 0) -> jax.Array:
    return vh.START * jax.random.uniform(jax.random.key(key), (CLASSES, vh.V2), minval=0.5, maxval=1.5)


def v2_spikes(key: int) -> jax.Array:
    return jax.random.bernoulli(jax.random.key(key), 0.01, (vh.STEPS, vh.V2)).astype(jnp.uint8)


def test_v1_sees_edges_of_its_orientation_in_its_place() -> None:
    fields = vh.receptive_fields()
    assert (fields.n_pre, fields.n_post) == (128, 512)
    neuron = (4 * vh.SIDE + 4) * vh.ORIENTATIONS  # row 4, column 4, light to the right
    cells = fields.pre[fields.post == neuron]
    light, dark = cells[cells < 64], cells[cells >= 64] - 64
    assert set(zip(*np.divmod(light, 8), strict=True)) == {(3, 5), (4, 5), (5, 5)}
    assert set(zip(*np.divmod(dark, 8), strict=True)) == {(3, 3), (4, 3), (5, 3)}
    assert fields.in_degree.max() == 6


def test_an_edge_drives_the_neurons_it_lies_under_and_inhibition_keeps_v2_sparse() -> None:
    edge = np.zeros((1, 8, 8))
    edge[:, :, 4:] = 1.0  # light to the right of column 3
    seen = vh.see(vh.hierarchy(), np.repeat(edge, 4, 0), seed=0)
    assert seen.v2.shape == (4, vh.STEPS, vh.V2)
    assert set(np.unique(seen.v2)) == {0, 1}
    by_place = np.asarray(seen.v1).mean(0).reshape(8, 8, vh.ORIENTATIONS)
    on_edge, opposite = by_place[2:6, 3:5, 0], by_place[2:6, 3:5, 4]
    assert on_edge.min() > opposite.max()
    assert 0.02 < (np.asarray(seen.v2).sum(1) > 0).mean() < 0.5


@pytest.mark.parametrize("label", [0, 1])
def test_a_trial_is_the_stepwise_reference_rule_with_dopamine_for_the_winner(label: int) -> None:
    key, v2 = jax.random.key(3), v2_spikes(1)
    start = weights()
    changed, received = jax.jit(vh.learn)(start, v2, jnp.int32(label), 1.0, key)
    potential, _ = vh.potentials(start, v2)
    winners = np.flatnonzero(np.abs(np.asarray(changed - start)).sum(1))
    assert len(winners) == 1
    winner = int(winners[0])
    assert float(received) == float(winner == label)

    rule = DopamineSTDP(stdp=STDP(a_plus=1.0, tau_plus=vh.TAU), rule="td-ltp", tau_e=1e9, learning_rate=vh.RATE, bounds=vh.BOUNDS)
    reference = jax.jit(lambda *args: dopamine_stdp.step(rule, *args))
    silent = jnp.zeros(CLASSES)
    reachable = []
    state = dopamine_stdp.init(vh.V2, CLASSES)
    for k in range(vh.STEPS):  # the spike may have come at any step of the competition: one of them must agree
        pre = v2[k].astype(float)
        if k >= vh.STEPS - vh.DECISION:
            fired, _ = reference(state, start, pre, silent.at[winner].set(1.0), jnp.zeros(()))
            dopamine = received - jnp.maximum(potential[k, winner], 0.0)
            reachable.append(np.asarray(reference(fired, start, jnp.zeros(vh.V2), silent, dopamine)[1]))
        state, _ = reference(state, start, pre, silent, jnp.zeros(()))
    errors = [np.abs(each - np.asarray(changed)).max() for each in reachable]
    assert min(errors) < 1e-7
    assert sorted(errors)[1] > 1e-6  # and only one


def test_it_learns_patterns_with_dopamine_and_without_it_no_weight_changes_to_the_bit() -> None:
    patterns = jax.vmap(lambda key: jax.random.bernoulli(key, 0.01, (vh.STEPS, vh.V2)))(
        jax.random.split(jax.random.key(1), CLASSES)
    )
    labels = jnp.arange(600) % CLASSES

    @jax.jit
    def run(gain: float) -> tuple[jax.Array, jax.Array]:
        def trial(held: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            return vh.learn(held, patterns[now[0]], now[0], gain, now[1])

        return jax.lax.scan(trial, weights(), (labels, jax.random.split(jax.random.key(0), len(labels))))

    _, received = run(1.0)
    assert received[-200:].mean() > 0.5
    end, received = run(0.0)
    assert (end == weights()).all()
    assert received[-200:].mean() < 0.25


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(NeurorlError, match="install"):
        vh.digits()


@pytest.mark.slow
def test_three_classes_are_learned_from_reward_alone() -> None:
    pytest.importorskip("sklearn")
    images, labels = vh.digits(classes=3)
    seen = vh.see(vh.hierarchy(), images[:450], seed=0)
    shown = seen.v2[None, :300], jnp.asarray(labels[:300]), seen.v2[300:], jnp.asarray(labels[300:450])
    learned = vh.train(*shown, 1.0, jax.random.key(0), 3, 6)
    assert learned.rewards[0] < learned.rewards[-1]
    assert learned.accuracy[-1] > 0.8  # chance is 1/3
    without = vh.train(*shown, 0.0, jax.random.key(0), 3, 6)
    assert (without.accuracy == without.accuracy[0]).all()
    assert without.accuracy[-1] < 0.6
