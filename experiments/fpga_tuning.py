"""Find the constants of the hand-written governors: evolution with covariance matrix adaptation (Hansen 2016, arXiv:1604.00772).

Every candidate of a generation drives the same boards, and every generation drives others, so that nothing is learned of the
boards. Their keys come from ``TUNING_SEED``, apart from those of the gates. Candidates are not bounded.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.envs.fpga.governors.governor import Governor, episode
from neurorl.envs.fpga.parameters import FpgaParameters

TUNING_SEED = 7_000


class Search(NamedTuple):
    """How much to search."""

    generations: int = 60
    population: int = 48
    boards: int = 64
    final_boards: int = 256  # on which the means of the last generations are compared


def returns_of(p: FpgaParameters, make: Callable[[Any], Governor]) -> Callable[[Any, Array], Array]:
    """Return a compiled function from stacked knobs [n] and keys [boards] to returns [n, boards]."""

    def one(knobs: Any, key: Array) -> Array:
        return episode(p, make(knobs), key).reward

    return jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, None)))


def tune(
    returns: Callable[[Any, Array], Array],
    start: Any,
    scale: Any,
    seed: int = 0,
    search: Search = Search(),
    report: Callable[[str], None] = lambda line: None,
) -> Any:
    """Return the knobs that earn most.

    Args:
        returns: See :func:`returns_of`.
        start: Knobs to start from, a tuple of floats.
        scale: The step of each at which the search begins; 0 keeps a knob where it is.
        seed: Of the candidates and of the boards that they drive.
        search: How much to search.
        report: Called with a line a generation.
    """
    rng = np.random.default_rng(TUNING_SEED + seed)
    origin, unit = np.array(start, float), np.array(scale, float)
    free = np.flatnonzero(unit)
    n, population = len(free), search.population
    parents = population // 2
    weights = np.log(parents + 0.5) - np.log(np.arange(1, parents + 1))
    weights /= weights.sum()
    mu = 1.0 / np.sum(weights**2)
    c_sigma = (mu + 2) / (n + mu + 5)
    damping = 1 + 2 * max(0.0, np.sqrt((mu - 1) / (n + 1)) - 1) + c_sigma
    c_path = (4 + mu / n) / (n + 4 + 2 * mu / n)
    c_one = 2 / ((n + 1.3) ** 2 + mu)
    c_mu = min(1 - c_one, 2 * (mu - 2 + 1 / mu) / ((n + 2) ** 2 + mu))
    expected = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))

    def knobs(points: np.ndarray) -> Any:
        values = np.tile(origin, (len(points), 1))
        values[:, free] += points * unit[free]
        return type(start)(*jnp.asarray(values.T, jnp.float32))

    def keys(generation: int, boards: int) -> Array:
        return jax.random.split(jax.random.fold_in(jax.random.key(TUNING_SEED + seed), generation), boards)

    mean, sigma, covariance = np.zeros(n), 1.0, np.eye(n)
    path_sigma, path = np.zeros(n), np.zeros(n)
    means = []
    for generation in range(search.generations):
        values, basis = np.linalg.eigh(covariance)
        root = np.sqrt(np.maximum(values, 1e-12))
        steps = rng.standard_normal((population, n)) @ (basis * root).T
        earned = np.asarray(returns(knobs(mean + sigma * steps), keys(generation, search.boards))).mean(1)
        best = np.argsort(-np.nan_to_num(earned, nan=-np.inf))[:parents]
        step = weights @ steps[best]
        mean = mean + sigma * step
        path_sigma = (1 - c_sigma) * path_sigma + np.sqrt(c_sigma * (2 - c_sigma) * mu) * (basis @ ((basis.T @ step) / root))
        slow = np.linalg.norm(path_sigma) / np.sqrt(1 - (1 - c_sigma) ** (2 * (generation + 1))) < (1.4 + 2 / (n + 1)) * expected
        path = (1 - c_path) * path + slow * np.sqrt(c_path * (2 - c_path) * mu) * step
        covariance = (
            (1 - c_one - c_mu) * covariance
            + c_one * (np.outer(path, path) + (not slow) * c_path * (2 - c_path) * covariance)
            + c_mu * (steps[best].T * weights) @ steps[best]
        )
        sigma *= np.exp((c_sigma / damping) * (np.linalg.norm(path_sigma) / expected - 1))
        means.append(mean)
        report(f"generation {generation:3d}: best {earned.max():8.2f}, mean {earned.mean():8.2f}, step {sigma:.3f}")
    last = np.stack(means[-8:])
    earned = np.asarray(returns(knobs(last), keys(search.generations, search.final_boards))).mean(1)
    chosen = knobs(last[[int(np.argmax(earned))]])
    return type(start)(*(float(value[0]) for value in chosen))
