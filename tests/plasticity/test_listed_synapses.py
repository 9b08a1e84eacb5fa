import jax
import jax.numpy as jnp
import numpy as np

from neurorl.plasticity import listed_synapses

D, N, K = 9, 4, 3


def life(seed, steps=40):
    """Return initial weights, and of every step what ``learn`` takes: rows, activity, what is taught, step, what is kept."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(D, N)).astype(np.float32)
    rows = np.stack([rng.permutation(D)[:K] for _ in range(steps)])
    x, taught = rng.random((steps, K)), rng.normal(size=(steps, N))
    step, keep = 0.1 * rng.normal(size=steps), np.where(rng.random(steps) < 0.1, 0.0, 0.8)
    return weights, (rows, *(a.astype(np.float32) for a in (x, taught, step, keep)))


def listed(weights, events, still=False):
    def one(synapses, event):
        index, x, taught, step, keep = event
        rows = listed_synapses.visit(synapses, index)
        return listed_synapses.learn(synapses, rows, 0.0 * step if still else step, keep, x, taught), rows

    return jax.lax.scan(one, listed_synapses.init(jnp.asarray(weights)), jax.tree.map(jnp.asarray, events))


def test_it_is_what_looking_at_every_row_in_every_step_is():
    weights, events = life(0)
    w, e, seen = weights.astype(float), np.zeros((D, N)), []
    for index, x, taught, step, keep in zip(*events, strict=True):
        seen.append(w[index])
        w, e = w + step * e, keep * e
        e[index] += x[:, None] * taught
    synapses, rows = listed(weights, events)
    settled, tags = listed_synapses.materialised(synapses)
    np.testing.assert_allclose(settled, w, atol=1e-5)
    np.testing.assert_allclose(tags, e, atol=1e-5)
    np.testing.assert_allclose(rows.weights, seen, atol=1e-5)
    assert np.abs(w - weights).max() > 0.05


def test_a_batch_of_learners_is_each_learner():
    lives = [life(seed) for seed in range(3)]
    batch = jax.vmap(listed)(*jax.tree.map(lambda *a: jnp.stack([*map(jnp.asarray, a)]), *lives))
    for i, (weights, events) in enumerate(lives):
        jax.tree.map(lambda a, b, i=i: np.testing.assert_allclose(a[i], b, atol=1e-6), batch, listed(weights, events))


def test_many_observations_meet_the_same_weights():
    weights, (rows, *_) = life(0)
    synapses = listed_synapses.init(jnp.asarray(weights))
    seen = jax.vmap(listed_synapses.visit, in_axes=(None, 0))(synapses, jnp.asarray(rows))
    np.testing.assert_array_equal(seen.weights, weights[rows])


def test_steps_of_zero_leave_every_bit():
    weights, events = life(1)
    synapses, _ = listed(weights, events, still=True)
    assert np.asarray(listed_synapses.materialised(synapses)[0]).tobytes() == weights.tobytes()
    assert np.any(synapses.tags)
