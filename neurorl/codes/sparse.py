r"""Sparse code: a random expansion of which only the k most driven neurons fire.

    drive_i = sum of the inputs that neuron i samples;   code = the k neurons of the largest drive

It is the code of the fly's mushroom body (Dasgupta, Stevens and Navlakha 2017): 50 projection neurons, 2,000 Kenyon
cells of which each samples about six, and one inhibitory neuron that leaves 5 % of them active. Similar inputs have
overlapping codes, and dissimilar ones nearly none in common, so that a synapse can learn of one without the other.

As every neuron samples as many inputs, adding a constant to all of them, or scaling them, leaves the winners as they
were: a binary code tells the pattern, not its mean and not its contrast.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Float, Real

from neurorl.codes.checks import finite
from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter


@struct.dataclass
class SparseCode(Checked):
    """A population of n neurons of which k fire, wired at random from ``inputs``; the seed decides the wiring."""

    inputs: int = parameter(100, "length of what is encoded", low=1, static=True)
    n: int = parameter(1000, "neurons of the code", low=1, static=True)
    active: float = parameter(0.1, "fraction of the neurons that fire", above=0.0, high=1.0, static=True)
    fan_in: int = parameter(6, "inputs that each neuron samples", low=1, static=True)
    binary: bool = parameter(True, "1.0 for a winner; if false, its drive", static=True)
    seed: int = parameter(0, "seed of the wiring", low=0, static=True)

    def __post_init__(self) -> None:
        """Raise a NeurorlError for a number out of range, or a neuron that samples more inputs than there are."""
        super().__post_init__()
        if self.fan_in > self.inputs:
            raise NeurorlError(f"'SparseCode.fan_in' is {self.fan_in}, but there are only {self.inputs} inputs to sample")

    @property
    def k(self) -> int:
        """Neurons that fire: ``active n``, rounded, and at least one."""
        return max(1, round(self.active * self.n))

    def drive(self, values: Real[Array | np.ndarray, " inputs"]) -> Float[Array, " n"]:
        """Return the summed input of each neuron, [n].

        Args:
            values: [inputs].

        Raises:
            NeurorlError: A length other than ``inputs``, or a NaN or infinite value.
        """
        values = finite("values", values)
        if values.shape != (self.inputs,):
            raise NeurorlError(f"'values' has the shape {values.shape}; this SparseCode encodes ({self.inputs},)")
        return values[wiring(self.inputs, self.n, self.fan_in, self.seed)].sum(-1)

    def encode(self, values: Real[Array | np.ndarray, " inputs"]) -> Float[Array, " n"]:
        """Return the code of ``values`` [inputs]: [n], zero but for the k winners, the first of which win a tie.

        Exactly k are not zero in a binary code; in one of drives fewer, where a winner's drive is itself zero.
        """
        drive = self.drive(values) * 1.0
        best, winners = jax.lax.top_k(drive, self.k)
        return jnp.zeros_like(drive).at[winners].set(1.0 if self.binary else best)

    def decode(self, code: Float[Array | np.ndarray, " n"]) -> Float[Array, " inputs"]:
        """Return an estimate of what was encoded, [inputs].

        Of a code of drives: the least-squares solution of smallest norm of the k equations that it holds, which is
        what was encoded where they determine it (at the least ``k >= inputs``). Of a binary code: how often the winners
        sample each input, as a pattern of mean 0 and norm 1, which agrees with the input's own pattern in part only.
        """
        sampled = jnp.asarray(wiring(self.inputs, self.n, self.fan_in, self.seed))
        if self.binary:
            votes = jnp.zeros(self.inputs, code.dtype).at[sampled].add(code[:, None])
            votes = votes - votes.mean()
            return votes / jnp.maximum(jnp.linalg.norm(votes), 1e-12)
        size, winners = jax.lax.top_k(jnp.abs(code), self.k)
        known = (size > 0).astype(code.dtype)  # an equation whose neuron is silent is left out
        samples = jnp.zeros((self.k, self.inputs), code.dtype)
        samples = samples.at[jnp.arange(self.k)[:, None], sampled[winners]].set(known[:, None])
        return jnp.linalg.lstsq(samples, code[winners])[0]


@functools.lru_cache(maxsize=16)
def wiring(inputs: int, n: int, fan_in: int, seed: int) -> np.ndarray:
    """Return the inputs that each neuron samples, all different, [n, fan_in] int32."""
    generator = np.random.default_rng(seed)
    sampled = np.argpartition(generator.random((n, inputs)), fan_in - 1, axis=1)[:, :fan_in].astype(np.int32)
    sampled.setflags(write=False)
    return sampled


def similarity(a: Real[Array | np.ndarray, "... n"], b: Real[Array | np.ndarray, "... n"]) -> Float[Array, "..."]:
    """Return the cosine of two codes [..., n], [...]; of binary codes it is the fraction of winners they share.

    Zero where a code is all zeros.
    """
    norms = jnp.linalg.norm(a, axis=-1) * jnp.linalg.norm(b, axis=-1)
    return (a * b).sum(-1) / jnp.where(norms > 0, norms, 1.0)


def sparsity(code: Real[Array | np.ndarray, "... n"]) -> Float[Array, "..."]:
    """Return the fraction of silent neurons of a code [..., n], [...]."""
    return (jnp.asarray(code) == 0).mean(-1, dtype=float)
