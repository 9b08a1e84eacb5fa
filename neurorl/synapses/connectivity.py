"""Which neuron of one population has a synapse onto which neuron of another.

A connectivity is decided before the simulation and never changes: NumPy arrays, equal and hashed by content, so that it can be
closed over, be a static argument of jit, and be saved. The same seed gives the same synapses, bit for bit.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int, Int32, Real

from neurorl.errors import NeurorlError

LARGEST = np.iinfo(np.int32).max  # synapses are counted, and neurons named, by int32


@dataclasses.dataclass(frozen=True, eq=False)
class Connectivity:
    """The s synapses of ``n_pre`` onto ``n_post`` neurons, at most one a pair, sorted by (pre, post).

    Raises:
        NeurorlError: Synapses that are unsorted, doubled, of unequal number, or of neurons that do not exist.
    """

    pre: Int32[np.ndarray, " s"]  # presynaptic neuron
    post: Int32[np.ndarray, " s"]  # postsynaptic neuron
    n_pre: int
    n_post: int

    def __post_init__(self) -> None:
        """Check the synapses and make their arrays read-only."""
        for name in ("n_pre", "n_post"):
            _count(name, getattr(self, name))
        for name, n in (("pre", self.n_pre), ("post", self.n_post)):
            given = np.asarray(getattr(self, name))
            if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
                raise NeurorlError(f"'{name}' has dtype {given.dtype} and shape {given.shape}; give the neurons as integers [s]")
            if given.size and not 0 <= given.min() <= given.max() < n:
                wrong = given[(given < 0) | (given >= n)][0]
                raise NeurorlError(f"'{name}' has neuron {wrong}; it must be from 0 to {n - 1}, as n_{name} is {n}")
            neurons = given.astype(np.int32)
            neurons.flags.writeable = False
            object.__setattr__(self, name, neurons)
        if len(self.pre) != len(self.post):
            raise NeurorlError(f"'pre' has {len(self.pre)} neurons and 'post' {len(self.post)}; give one of each for a synapse")
        out_of_order = np.flatnonzero(np.diff(self._pairs) <= 0)
        if out_of_order.size:
            at = out_of_order[0] + 1
            raise NeurorlError(
                f"'pre' and 'post' have synapse {at}, ({self.pre[at]}, {self.post[at]}), out of order or twice; use from_pairs"
            )

    def __len__(self) -> int:
        """Return the number of synapses."""
        return len(self.pre)

    def __eq__(self, other: object) -> bool:
        """Return whether the populations and every synapse are the same."""
        return isinstance(other, Connectivity) and self._content == other._content

    def __hash__(self) -> int:
        """Return a hash of the content."""
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[int, int, bytes]:
        return self.n_pre, self.n_post, hashlib.sha256(self.pre.tobytes() + self.post.tobytes()).digest()

    @property
    def _pairs(self) -> np.ndarray:
        return self.pre.astype(np.int64) * self.n_post + self.post

    @cached_property
    def out_degree(self) -> Int[np.ndarray, " n_pre"]:
        """Synapses that each presynaptic neuron makes, [n_pre]."""
        return np.bincount(self.pre, minlength=self.n_pre)

    @cached_property
    def in_degree(self) -> Int[np.ndarray, " n_post"]:
        """Synapses that each postsynaptic neuron receives, [n_post]."""
        return np.bincount(self.post, minlength=self.n_post)


def from_pairs(
    pre: Sequence[int] | Int[np.ndarray, " s"], post: Sequence[int] | Int[np.ndarray, " s"], n_pre: int, n_post: int
) -> Connectivity:
    """Return the synapses (pre[k], post[k]), which may come in any order and more than once."""
    sources, targets = np.asarray(pre), np.asarray(post)
    order = np.lexsort((targets, sources))
    sources, targets = sources[order], targets[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(sources) != 0) | (np.diff(targets) != 0)
    return Connectivity(sources[new], targets[new], n_pre, n_post)


def all_to_all(n_pre: int, n_post: int, self_connections: bool = True) -> Connectivity:
    """Return a synapse for every pair, without those of a neuron onto itself if ``self_connections`` is False."""
    columns = _columns(n_pre, n_post, self_connections)
    _fits(n_pre * columns)
    return _from_slots(np.arange(n_pre * columns), n_pre, n_post, columns)


def random(n_pre: int, n_post: int, probability: float, seed: int, self_connections: bool = True) -> Connectivity:
    """Return a synapse for each pair independently with ``probability`` (Gilbert 1959).

    The distances between successive synapses are drawn, which are geometric, so memory and time grow with the synapses
    and not with the pairs (Batagelj and Brandes 2005).

    Raises:
        NeurorlError: ``probability`` outside [0, 1], a population below 1, or ``self_connections`` False for two sizes.
    """
    _within("probability", probability, 0.0, 1.0)
    columns = _columns(n_pre, n_post, self_connections)
    pairs = n_pre * columns
    if probability in (0.0, 1.0):
        slots = np.arange(int(probability) * pairs)
    else:
        _fits(pairs * probability)
        rng, batches, last = np.random.default_rng(seed), [], -1
        while last < pairs:
            expected = (pairs - last) * probability
            # Two gaps more than a mean and three deviations: one batch nearly always reaches the end.
            gaps = rng.geometric(probability, int(expected + 3 * expected**0.5) + 2)
            # A tiny probability draws gaps that would overflow the sum; one beyond the end is as good as any other.
            batches.append(last + np.cumsum(np.minimum(gaps, pairs + 1)))
            last = int(batches[-1][-1])
        slots = np.concatenate(batches)
        slots = slots[slots < pairs]
    return _from_slots(slots, n_pre, n_post, columns)


def fixed_out_degree(n_pre: int, n_post: int, degree: int, seed: int, self_connections: bool = True) -> Connectivity:
    """Return ``degree`` synapses from every presynaptic neuron onto different neurons drawn at random.

    Raises:
        NeurorlError: ``degree`` below 0 or above the number of targets, or as :func:`random`.
    """
    columns = _columns(n_pre, n_post, self_connections)
    if not isinstance(degree, int | np.integer) or not 0 <= degree <= columns:
        raise NeurorlError(f"'degree' is {degree}; it must be a whole number from 0 to {columns}, the targets there are")
    _fits(n_pre * degree)
    rng = np.random.default_rng(seed)
    targets = [np.sort(rng.choice(columns, degree, replace=False, shuffle=False)) for _ in range(n_pre)]
    return _from_slots(np.concatenate([i * columns + row for i, row in enumerate(targets)]), n_pre, n_post, columns)


def one_to_one(n: int) -> Connectivity:
    """Return a synapse from each of ``n`` neurons onto the one of the same place."""
    _count("n", n)
    return Connectivity(np.arange(n), np.arange(n), n, n)


def small_world(n: int, neighbours: int, rewiring: float, seed: int) -> Connectivity:
    """Return a ring of ``n`` neurons whose synapses are rewired at random (Watts and Strogatz 1998), directed.

    Every neuron makes synapses onto its ``neighbours`` nearest, half on each side. Each is moved with probability ``rewiring``
    onto a neuron drawn evenly from all but itself and those on which synapses stay, so the number of synapses is kept.
    0 gives the ring and 1 a random graph of fixed out-degree.

    Raises:
        NeurorlError: ``neighbours`` odd, below 2 or not below ``n``; ``rewiring`` outside [0, 1].
    """
    _count("n", n)
    if not isinstance(neighbours, int | np.integer) or neighbours % 2 or not 2 <= neighbours < n:
        raise NeurorlError(f"'neighbours' is {neighbours}; it must be even, at least 2 and below n, {n}: half lie on each side")
    _within("rewiring", rewiring, 0.0, 1.0)
    _fits(n * neighbours)
    half = np.arange(1, neighbours // 2 + 1)
    ring = (np.arange(n)[:, None] + np.concatenate([-half, half])) % n
    rng = np.random.default_rng(seed)
    moved = rng.random(ring.shape) < rewiring
    for neuron in np.flatnonzero(moved.any(1)):
        free = np.ones(n, bool)
        free[neuron] = free[ring[neuron, ~moved[neuron]]] = False
        ring[neuron, moved[neuron]] = rng.choice(np.flatnonzero(free), moved[neuron].sum(), replace=False)
    return from_pairs(np.repeat(np.arange(n), neighbours), ring.ravel(), n, n)


def grid(height: int, width: int, radius: float, periodic: bool = False, self_connections: bool = False) -> Connectivity:
    """Return local synapses on a sheet: each neuron onto all those within ``radius``, measured straight (Euclidean).

    Args:
        height, width: Rows and columns of the sheet; neuron ``row * width + column``.
        radius: In units of the distance between neighbours.
        periodic: Whether opposite edges meet, so that every neuron makes the same number of synapses.
        self_connections: Whether a neuron has a synapse onto itself.

    Raises:
        NeurorlError: A side below 1, or a negative radius.
    """
    _count("height", height)
    _count("width", width)
    _within("radius", radius, 0.0, np.inf)
    n = height * width
    rows, columns = np.divmod(np.arange(n), width)
    reach = [int(min(radius, side // 2 if periodic else side - 1)) for side in (height, width)]
    pre, post = [], []
    for up, right in np.ndindex(2 * reach[0] + 1, 2 * reach[1] + 1):
        down, across = up - reach[0], right - reach[1]
        if down**2 + across**2 > radius**2 or (down == across == 0 and not self_connections):
            continue
        row, column = rows + down, columns + across
        inside = np.ones(n, bool) if periodic else (row >= 0) & (row < height) & (column >= 0) & (column < width)
        pre.append(np.flatnonzero(inside))
        post.append((row % height * width + column % width)[inside])
    return from_pairs(np.concatenate([*pre, np.zeros(0, int)]), np.concatenate([*post, np.zeros(0, int)]), n, n)


def by_distance(
    pre: Real[np.ndarray, "n_pre ..."],
    post: Real[np.ndarray, "n_post ..."],
    radius: float,
    seed: int,
    probability: float = 1.0,
    profile: str = "gaussian",
    self_connections: bool = False,
) -> Connectivity:
    r"""Return synapses that are the likelier the nearer two neurons lie.

    .. math:: p_{ij} = probability \, e^{-d_{ij}^2 / 2 radius^2} \quad \text{(gaussian)}, \qquad
       probability \, e^{-d_{ij} / radius} \quad \text{(exponential)}

    Args:
        pre, post: Positions of the neurons, [n_pre, dimensions] and [n_post, dimensions], or [n] on a line.
        radius: Scale of the distance, in the unit of the positions.
        seed: Of the draw.
        probability: Of a pair at distance 0.
        profile: "gaussian", "exponential", or "disc": ``probability`` up to the radius and nothing beyond.
        self_connections: Whether a neuron at the very same place, within one population itself, may be a target.

    Raises:
        NeurorlError: Positions of unequal dimensions, a radius that is not positive, or an unknown profile.
    """
    pre, post = (np.asarray(p, float).reshape(len(p), -1) for p in (pre, post))
    if pre.shape[1] != post.shape[1]:
        raise NeurorlError(f"'pre' has positions of {pre.shape[1]} dimensions and 'post' of {post.shape[1]}; give as many")
    _within("probability", probability, 0.0, 1.0)
    if not 0.0 < radius < np.inf:
        raise NeurorlError(f"'radius' is {radius}; it must be above 0, in the unit of the positions")
    falls = {
        "gaussian": lambda d: np.exp(-(d**2) / (2 * radius**2)),
        "exponential": lambda d: np.exp(-d / radius),
        "disc": lambda d: (d <= radius).astype(float),
    }
    if profile not in falls:
        raise NeurorlError(f"'profile' is {profile!r}; it must be one of {', '.join(falls)}")
    rng, found = np.random.default_rng(seed), []
    for neuron, place in enumerate(pre):  # row by row: memory grows with the neurons and not with the pairs
        distance = np.linalg.norm(post - place, axis=1)
        chosen = rng.random(len(post)) < probability * falls[profile](distance)
        if not self_connections and pre.shape == post.shape:
            chosen &= ~((distance == 0.0) & (np.arange(len(post)) == neuron))
        found.append(np.flatnonzero(chosen))
    pairs = np.repeat(np.arange(len(pre)), [len(targets) for targets in found])
    return Connectivity(pairs, np.concatenate([*found, np.zeros(0, int)]), len(pre), len(post))


def _from_slots(slots: Int[np.ndarray, " s"], n_pre: int, n_post: int, columns: int) -> Connectivity:
    """Return the synapses numbered along the rows of pairs; with a column less than n_post, the diagonal is skipped."""
    pre, post = np.divmod(slots, columns) if columns else (slots, slots)
    return Connectivity(pre, post + (post >= pre) if columns < n_post else post, n_pre, n_post)


def _columns(n_pre: int, n_post: int, self_connections: bool) -> int:
    """Return how many targets a presynaptic neuron may have."""
    _count("n_pre", n_pre)
    _count("n_post", n_post)
    if not self_connections and n_pre != n_post:
        raise NeurorlError(
            f"'self_connections' is False between {n_pre} and {n_post} neurons; it only makes sense within one population"
        )
    return n_post - (not self_connections)


def _count(name: str, value: int) -> None:
    if not isinstance(value, int | np.integer) or not 1 <= value <= LARGEST:
        raise NeurorlError(f"'{name}' is {value}; it must be a whole number from 1 to {LARGEST}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise NeurorlError(f"'{name}' is {value}; it must be from {low} to {high}")


def _fits(synapses: float) -> None:
    if synapses > LARGEST:
        raise NeurorlError(f"{synapses:.3g} synapses are more than {LARGEST}, the most an int32 can number; use fewer")
