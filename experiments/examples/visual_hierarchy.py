"""Digits seen by V1, V2 and IT, and named by a learner that is told no more than "right" or "wrong".

An image of scikit-learn's 8 x 8 handwritten digits lights ON and OFF cells, which fire Poisson trains. V1 neurons with 3 x 3
receptive fields fire where light meets dark in their orientation (Hubel and Wiesel 1962). V2 neurons sample V1 at random, and
inhibitory neurons leave the most driven of them active. One IT neuron a class integrates V2; in the last ms of the image they
compete, and the first to fire is the guess. A right guess is rewarded with 1, and nobody says what would have been right.

Only the synapses from V2 onto IT learn, and only those of the guess, for the others have not fired. The spike has left its
eligibility (TD-LTP); the potential of its neuron is the reward it expects, and dopamine the error:

    dopamine = reward - expected,      w <- clip(w + rate dopamine x),      x the traces at the spike

It is the delta rule of AGREL (Roelfsema and van Ooyen 2005), without its feedback to lower layers. Its constants were chosen on
the training images alone. Logistic regression, which is told every label, says what each stage still holds.

    python -m experiments.examples.visual_hierarchy [--seeds 5] [--epochs 12]
"""

import argparse
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from experiments.examples.drawing import panels, save
from neurorl.analysis import plots
from neurorl.codes import poisson
from neurorl.errors import NeurorlError
from neurorl.networks.config import NetworkConfig
from neurorl.networks.network import Network, NetworkState
from neurorl.neuromodulation import reward
from neurorl.neuromodulation.reward import RewardParameters, RewardState
from neurorl.neurons import escape_noise
from neurorl.neurons.lif import LIF
from neurorl.plasticity import bounds, rules
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.stdp import STDP
from neurorl.synapses import connectivity
from neurorl.synapses.connectivity import Connectivity
from neurorl.synapses.spike_trace import SpikeTrace

SIDE, ORIENTATIONS, V2, FAN_IN = 8, 8, 800, 8
STEPS, DECISION = 50, 10  # ms of an image, and the last of them, in which IT competes
BRIGHTEST = 200.0  # Hz of a cell in full light
TRAIN, VIEWS = 1437, 2  # images of 1,797; how often each is shown to V1 and V2, whose spikes are then replayed
TAU = 50.0  # ms, membrane time constant of IT, hence of the traces at its synapses
HAZARD, NOISE = 0.5, 0.1  # probability a ms that an IT neuron fires while they compete; width of their noise, rewards
THRESHOLD, START = 1.0, 0.0087  # drive of IT that promises no reward; mean weight, at first too hopeful: every class is tried
RATE, BOUNDS = 0.001, WeightBounds(0.0, 0.2)
DOPAMINE = RewardParameters(positive=1.0, negative=1.0)


class Seen(NamedTuple):
    """What the populations fired while they saw images."""

    retina: Array  # [images, 2 SIDE^2], spike counts
    v1: Array  # [images, SIDE^2 ORIENTATIONS], spike counts
    v2: Array  # [images, STEPS, V2], uint8 spikes


class Learned(NamedTuple):
    """What a learner came to."""

    weights: Array  # [classes, V2]
    rewards: Array  # [epochs], mean, while it learned
    accuracy: Array  # [epochs], on test images, without noise
    answers: Array  # [test images], at the end


def digits(classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return images [n, SIDE, SIDE] from 0 to 1 in a random order, and their classes [n]; without scikit-learn a NeurorlError."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise NeurorlError("this example shows scikit-learn's digits; install it: pip install 'neurorl[examples]'") from None
    data = load_digits(n_class=classes)
    order = np.random.default_rng(0).permutation(len(data.target))
    return data.images[order] / 16.0, data.target[order]


def receptive_fields() -> Connectivity:
    """Return the synapses of ON and OFF cells onto V1: light on one side, dark on the other, everywhere in every orientation."""
    row, column, k, down, right = np.indices((SIDE, SIDE, ORIENTATIONS, 3, 3)).reshape(5, -1)
    y, x, angle = row + down - 1, column + right - 1, 2 * np.pi * k / ORIENTATIONS
    side = np.cos(angle) * (right - 1) + np.sin(angle) * (down - 1)
    joined = (np.abs(side) > 0.5) & (y >= 0) & (y < SIDE) & (x >= 0) & (x < SIDE)
    cell, neuron = y * SIDE + x + SIDE**2 * (side < 0), (row * SIDE + column) * ORIENTATIONS + k
    return connectivity.from_pairs(cell[joined], neuron[joined], 2 * SIDE**2, SIDE**2 * ORIENTATIONS)


def hierarchy(seed: int = 0) -> Network:
    """Return the populations up to V2."""
    network = Network(NetworkConfig(stdp_enabled=False, neuromod_enabled=False, neuron=LIF(tau_m=10.0, v_reset=-70.0)))
    retina = network.add_population(2 * SIDE**2, "sensory", name="retina")
    v1 = network.add_population(SIDE**2 * ORIENTATIONS, name="V1")
    v2 = network.add_population(V2, name="V2")
    inhibitory = network.add_population(10, "inhibitory")
    samples = np.random.default_rng(seed).permuted(np.tile(np.arange(v1.size), (V2, 1)), axis=1)[:, :FAN_IN]
    expansion = connectivity.from_pairs(samples.ravel(), np.repeat(np.arange(V2), FAN_IN), v1.size, V2)
    network.connect(retina, v1, connectivity=receptive_fields(), weight=3.5)
    network.connect(v1, v2, connectivity=expansion, weight=4.0)
    network.connect(v2, inhibitory, probability=0.5, weight=2.0)
    network.connect(inhibitory, v2, weight=1.0)
    return network


def trains(image: Array, key: Array) -> Array:
    """Return the spikes of the ON and the OFF cells, [STEPS, 2 SIDE^2]."""
    return poisson.train(key, BRIGHTEST * jnp.concatenate([image.ravel(), 1.0 - image.ravel()]), STEPS, dt=1.0)


def see(network: Network, images: np.ndarray, seed: int) -> Seen:
    """Show every image [n, SIDE, SIDE] to the network at rest."""

    def step(state: NetworkState, spikes: Array) -> tuple[NetworkState, dict[str, Array]]:
        state = network.advance(state, {}, {"retina": spikes})
        return state, state.spikes

    def one(view: tuple[Array, Array]) -> Seen:
        fired = jax.lax.scan(step, network.init(), trains(*view))[1]
        return Seen(fired["retina"].sum(0), fired["V1"].sum(0), fired["V2"].astype(jnp.uint8))

    keys = jax.random.split(jax.random.key(seed), len(images))
    return jax.jit(lambda *views: jax.lax.map(one, views, batch_size=32))(jnp.asarray(images), keys)


def potentials(weights: Array, v2: Array) -> tuple[Array, SpikeTrace]:
    """Return how far IT is above threshold [STEPS, classes], in rewards, and the traces of v2 [STEPS, V2] at its synapses."""
    trace = SpikeTrace(jnp.zeros(V2), v2.astype(float), jnp.exp(-1.0 / TAU), jnp.ones(()))
    return trace.project(weights) - THRESHOLD, trace


def learn(weights: Array, v2: Array, label: Array, gain: float | Array, key: Array) -> tuple[Array, Array]:
    """Return the weights after a guess, and its reward []; ``gain`` scales dopamine, 0 for none."""
    potential, trace = potentials(weights, v2)
    competing = jnp.arange(STEPS)[:, None] >= STEPS - DECISION
    hazard = escape_noise.hazard(potential / NOISE, HAZARD) * competing
    decision = escape_noise.first_spike(key, hazard)
    eligibility = rules.td_ltp.over(STDP(a_plus=1.0), trace, rules.Response(decision.spikes, hazard))
    expected = jnp.maximum((decision.spikes * potential).sum(), 0.0)  # below threshold nothing is expected
    received = (decision.winner == label).astype(float)
    _, error = reward.predict(DOPAMINE, RewardState(expected), received)
    return bounds.apply(BOUNDS, weights, RATE * gain * reward.dopamine_of(DOPAMINE, error) * eligibility), received


@partial(jax.jit, static_argnames=("classes", "epochs"))
def train(views: Array, labels: Array, test: Array, truth: Array, gain: float, key: Array, classes: int, epochs: int) -> Learned:
    """Let a learner guess every image, in one of its views [VIEWS, images, STEPS, V2], once an epoch, and test it after each."""

    def answers(weights: Array) -> Array:
        return jax.lax.map(lambda v2: potentials(weights, v2)[0][-1].argmax(), test)

    def trial(weights: Array, now: Any) -> tuple[Array, Array]:
        view, image, key = now
        return learn(weights, views[view, image], labels[image], gain, key)

    def epoch(weights: Array, key: Array) -> tuple[Array, tuple[Array, Array]]:
        for_order, for_views, for_noise = jax.random.split(key, 3)
        order = jax.random.permutation(for_order, len(labels))
        shown = jax.random.randint(for_views, order.shape, 0, len(views)), order, jax.random.split(for_noise, len(order))
        weights, rewards = jax.lax.scan(trial, weights, shown)
        return weights, (rewards.mean(), (answers(weights) == truth).mean())

    for_weights, key = jax.random.split(key)
    weights = START * jax.random.uniform(for_weights, (classes, V2), minval=0.5, maxval=1.5)
    weights, (rewards, accuracy) = jax.lax.scan(epoch, weights, jax.random.split(key, epochs))
    return Learned(weights, rewards, accuracy, answers(weights))


def decodable(features: Any, truth: np.ndarray) -> float:
    """Return the test accuracy of logistic regression, which is told every label, on features [images, n]."""
    from sklearn.linear_model import LogisticRegression

    features = np.asarray(features).reshape(len(truth), -1)
    return float(
        LogisticRegression(C=0.3, max_iter=1000).fit(features[:TRAIN], truth[:TRAIN]).score(features[TRAIN:], truth[TRAIN:])
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="learners")
    parser.add_argument("--epochs", type=int, default=12, help="times that each training image is guessed")
    options = parser.parse_args()

    images, labels = digits()
    network = hierarchy()
    seen = see(network, images, 0)
    views = jnp.stack([seen.v2[:TRAIN], *(see(network, images[:TRAIN], seed).v2 for seed in range(1, VIEWS))])
    stages = {"pixels": images, "retina": seen.retina, "V1": seen.v1, "V2": seen.v2.sum(1)}
    scores = {name: decodable(features, labels) for name, features in stages.items()}
    for name, score in scores.items():
        print(f"{name}: {score:.1%} of test images by logistic regression, which is told every label")

    shown = views, jnp.asarray(labels[:TRAIN]), seen.v2[TRAIN:], jnp.asarray(labels[TRAIN:])
    keys = jax.random.split(jax.random.key(0), options.seeds)
    results = {}
    for name, gain, epochs in (("dopamine", 1.0, options.epochs), ("no dopamine", 0.0, 1)):  # without it no weight ever changes
        learners = [train(*shown, gain, key, 10, epochs) for key in keys]
        results[name] = jax.tree.map(lambda *each: np.stack(each), *learners)
        last = results[name].accuracy[:, -1]
        print(f"IT, {name}: {last.mean():.1%} of test images, {last.min():.1%} to {last.max():.1%} over {len(last)} seeds")
    draw(network, images[TRAIN:], labels[TRAIN:], results["dopamine"], results["no dopamine"].accuracy[:, 0], scores)


def draw(
    network: Network, images: np.ndarray, labels: np.ndarray, learned: Learned, without: np.ndarray, scores: dict[str, float]
) -> None:
    figure, axes = panels(2, 3, size=(15, 8.5), width_ratios=[1, 1.5, 1.15])
    example = int(np.flatnonzero((labels == 3) & (learned.answers[0] == 3))[0])
    axes[0, 0].imshow(images[example], cmap="gray")
    axes[0, 0].set(xticks=[], yticks=[], title="A test image")
    spikes = trains(jnp.asarray(images[example]), jax.random.key(1))
    _, record = network.run(network.init(), STEPS, spikes={"retina": spikes})
    sizes = {name: network.populations[name].size for name in ("retina", "V1", "V2")}
    plots.raster(np.concatenate([record.spikes[name] for name in sizes], 1), 1.0, sizes, axes=axes[0, 1])
    for dots in axes[0, 1].collections:
        dots.set_sizes([9])
    axes[0, 1].set_title("The spikes that it causes")
    potential = np.asarray(potentials(learned.weights[0], jnp.asarray(record.spikes["V2"]))[0])
    axes[0, 2].plot(potential, color="0.75", linewidth=1)
    axes[0, 2].plot(potential[:, 3], color=plots.COLOURS[3], linewidth=2)
    axes[0, 2].axvspan(STEPS - DECISION, STEPS - 1, color="0.93", zorder=0)
    axes[0, 2].axhline(0.0, color="0.3", linestyle="--", linewidth=0.9)
    axes[0, 2].set(xlabel="time (ms)", ylabel="potential above threshold (rewards)", xlim=(0, STEPS - 1))
    axes[0, 2].set_title('IT: "3" and the others; they compete where it is grey')

    last = learned.accuracy[:, -1].mean()
    bars = axes[1, 0].bar([*scores, "IT, from\nreward"], [*scores.values(), last], color=["0.6", *plots.COLOURS[:4]])
    axes[1, 0].bar_label(bars, fmt="{:.0%}")
    axes[1, 0].set(ylim=(0, 1.08), ylabel="test images named right", title="Logistic regression, and IT")
    epochs, curve, colour = np.arange(1, learned.accuracy.shape[1] + 1), learned.accuracy, plots.COLOURS[3]
    axes[1, 1].plot(epochs, curve.mean(0), "o-", markersize=3, color=colour, label="test images")
    axes[1, 1].fill_between(epochs, curve.min(0), curve.max(0), color=colour, alpha=0.25, linewidth=0)
    axes[1, 1].plot(epochs, learned.rewards.mean(0), color=plots.COLOURS[5], label="while it learns, with noise")
    axes[1, 1].axhline(without.mean(), color="0.4", label="test images, dopamine 0")
    axes[1, 1].axhspan(without.min(), without.max(), color="0.4", alpha=0.25, linewidth=0)
    axes[1, 1].axhline(0.1, color="0.2", linestyle=":", label="chance")
    axes[1, 1].axhline(scores["pixels"], color="0.6", linestyle="--", label="logistic regression on pixels")
    axes[1, 1].set(xlabel="times that each training image was guessed", ylabel="right", ylim=(0, 1), xlim=(1, epochs[-1]))
    axes[1, 1].set_title(f"Learning from reward alone: mean and range of {len(curve)} seeds")
    axes[1, 1].legend(frameon=False)
    confusion = np.zeros((10, 10))
    np.add.at(confusion, (np.broadcast_to(labels, learned.answers.shape), learned.answers), 1)
    shares = axes[1, 2].imshow(confusion / confusion.sum(1, keepdims=True), cmap="Purples", vmin=0, vmax=1)
    figure.colorbar(shares, ax=axes[1, 2], label="share of the digit's test images")
    axes[1, 2].set(xlabel="guess", ylabel="digit", xticks=range(10), yticks=range(10), title="Guesses of all seeds")
    save(figure, "visual_hierarchy")


if __name__ == "__main__":
    main()
