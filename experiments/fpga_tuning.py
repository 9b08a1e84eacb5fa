"""Find the constants of the hand-written governors: evolution with covariance matrix adaptation (Hansen 2016, arXiv:1604.00772).

Every candidate of a generation drives the same boards, and every generation drives others, so that nothing is learned of the
boards. Their keys come from ``TUNING_SEED``, apart from those of the gates. Candidates are not bounded, and every arm of the
tuned governor starts from the same knobs with the same budget.

    python -m experiments.fpga_tuning            find all constants again, and store them in the package
    python -m experiments.fpga_tuning ARM ...    find those of some: "tuned", "tuned without queue", "demand", ...
"""

import argparse
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.envs.fpga import scenarios
from neurorl.envs.fpga.governors import by_set_points, canary, constant, demand, masked, thermal_pid, tuned
from neurorl.envs.fpga.governors.governor import Governor, episode
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import CLOCK_LOW, CLOCK_RATIO, GROUPS
from neurorl.files import write_atomically

TUNING_SEED = 7_000
CHUNK = 27  # constant settings a call
STORE = Path(canary.__file__).parent / "constants.json"


class Search(NamedTuple):
    """How much to search."""

    generations: int = 36
    population: int = 32
    boards: int = 48
    final_boards: int = 256  # on which the means of the last generations are compared


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
        returns: From stacked knobs [n] and keys [boards] to returns [n, boards], compiled.
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


def arms(p: FpgaParameters) -> dict[str, Callable[[Callable[[str], None]], dict[str, float]]]:
    """Return what finds the constants of each governor, by name."""

    def search_for(make: Callable[[Any], Governor], start: Any, scale: Any, mask: Array) -> Callable[..., dict[str, float]]:
        def returns(knobs: Any, keys: Array) -> Array:
            return _returns(make)(p, knobs, mask, keys)

        return lambda report: tune(returns, start, scale, report=report)._asdict()

    everything = masked.mask_of(None)
    without_memory = tuned.SCALE._replace(**dict.fromkeys(tuned.MEMORY, 0.0))
    found: dict[str, Any] = {
        "tuned": search_for(tuned.governor, tuned.Knobs(), tuned.SCALE, everything),
        "memoryless": search_for(_memoryless, tuned.Knobs(), without_memory, everything),
    }
    for group in GROUPS:
        found[f"tuned without {group}"] = search_for(tuned.governor, tuned.Knobs(), tuned.SCALE, masked.mask_of(group))
    for name, module in (("thermal PID", thermal_pid), ("demand", demand), ("canary", canary)):
        found[name] = search_for(module.governor, module.Knobs(), module.SCALE, everything)
    found["best constant"] = lambda report: best_constant(p)
    return found


def best_constant(p: FpgaParameters, boards: int = 256) -> dict[str, float]:
    """Return the setting that earns most on the boards of the search: a coarse grid, then its best neighbourhood."""
    keys = tuning_keys(boards)
    levels, volts, fans = np.arange(4, 40, 2), np.arange(0.70, 1.051, 0.05), (0.2, 0.4, 0.6, 0.8)
    few = np.array([(k, v, f) for k in levels for v in volts for f in fans])
    k, v, f = few[drive_constants(p, _settings(few), keys[:32]).mean(1).argmax()]
    near = np.array([(k + i, v + 0.025 * j, f + 0.1 * n) for i in (-1, 0, 1) for j in (-1, 0, 1) for n in (-1, 0, 1)])
    best = _settings(near)[drive_constants(p, _settings(near), keys).mean(1).argmax()]
    return dict(zip(("clock", "voltage", "fan"), map(float, best), strict=True))


def drive_constants(p: FpgaParameters, settings: np.ndarray, keys: Array) -> np.ndarray:
    """Return the returns of constant settings [n, 3] of clock, voltage and fan, [n, boards]."""
    pad = -len(settings) % CHUNK
    padded = np.concatenate([settings, np.repeat(settings[-1:], pad, 0)])
    rows = [np.asarray(_constant_returns(p, jnp.asarray(padded[i : i + CHUNK]), keys)) for i in range(0, len(padded), CHUNK)]
    return np.concatenate(rows)[: len(settings)]


def drive_set_points(p: FpgaParameters, settings: np.ndarray, keys: Array) -> np.ndarray:
    """Return the returns of constant set-points [n, 3] of margin, voltage and fan, [n, boards]."""
    rows = [np.asarray(_set_point_returns(p, jnp.asarray(part), keys)) for part in np.split(settings, len(settings) // 20)]
    return np.concatenate(rows)


def tuning_keys(boards: int = 64) -> Array:
    """Return the keys of boards of the search."""
    return jax.random.split(jax.random.key(TUNING_SEED), boards)


@jax.jit
def _constant_returns(p: FpgaParameters, settings: Array, keys: Array) -> Array:
    one = jax.vmap(lambda c, key: episode(p, constant.governor(c[0], c[1], c[2]), key).reward, in_axes=(None, 0))
    return jax.vmap(one, in_axes=(0, None))(settings, keys)


@jax.jit
def _set_point_returns(p: FpgaParameters, settings: Array, keys: Array) -> Array:
    def earned(c: Array, key: Array) -> Array:
        return episode(p, by_set_points.constant(c[0], c[1], c[2]), key, world=by_set_points.SET_POINTS).reward

    return jax.vmap(jax.vmap(earned, in_axes=(None, 0)), in_axes=(0, None))(settings, keys)


def _settings(grid: np.ndarray) -> np.ndarray:
    """Return clock, voltage and fan [n, 3] of clock level, voltage and fan."""
    return np.stack([CLOCK_LOW * CLOCK_RATIO ** grid[:, 0], grid[:, 1], grid[:, 2]], 1).astype(np.float32)


def retune(report: Callable[[str], None], names: list[str] | None = None) -> None:
    """Find constants again and store them, each as soon as it is found."""
    searches = arms(scenarios.parameters("nominal"))
    for name in names or list(searches):
        report(f"searching for {name}")
        stored = json.loads(STORE.read_text()) if STORE.exists() else {}
        stored[name] = {key: round(float(value), 5) for key, value in searches[name](report).items()}
        text = json.dumps({key: stored[key] for key in searches if key in stored}, indent=1) + "\n"
        write_atomically(STORE, lambda path, text=text: path.write_text(text))  # type: ignore[misc]


def _memoryless(knobs: tuned.Knobs) -> Governor:
    return tuned.governor(knobs, memory=False)


@functools.cache
def _returns(make: Callable[[Any], Governor]) -> Callable[..., Array]:
    """Return a compiled function from parameters, knobs [n], a mask and keys [boards] to returns [n, boards]."""

    def one(p: FpgaParameters, knobs: Any, mask: Array, key: Array) -> Array:
        return episode(p, masked.masked(make(knobs), mask), key).reward

    over_boards = jax.vmap(one, in_axes=(None, None, None, 0))
    return jax.jit(jax.vmap(over_boards, in_axes=(None, 0, None, None)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arms", nargs="*", help="which constants to find [all]")
    retune(lambda line: print(line, flush=True), parser.parse_args().arms)


if __name__ == "__main__":
    main()
