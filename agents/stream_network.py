"""The networks of learning from a stream: sparse at first, each layer's drive normalised (Elsayed, Vasan and Mahmood 2024).

Weights are uniform in +-1 / sqrt(inputs), nine tenths of each unit's zero. LayerNorm without gain stands before each LeakyReLU.
"""

from typing import Any

import flax.linen as nn
import jax
from jax import Array

from neurorl.synapses import sparse_uniform


class Network(nn.Module):
    """Rectified layers, after a convolution where the input is an image."""

    outputs: int
    hidden: tuple[int, ...]
    filters: int
    shape: tuple[int, ...]

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Return the outputs [outputs] of inputs [size]."""
        if self.filters:
            x = nn.Conv(self.filters, (3, 3), padding="VALID", kernel_init=_sparse)(x.reshape(self.shape))
            x = _rectify(x.ravel())
        for width in self.hidden:
            x = _rectify(nn.Dense(width, kernel_init=_sparse)(x))
        return nn.Dense(self.outputs, kernel_init=_sparse)(x)


def _sparse(key: Array, shape: tuple[int, ...], _: Any = None) -> Array:
    """Return a kernel whose last axis is the units."""
    fan_in = 1
    for n in shape[:-1]:
        fan_in *= n
    return sparse_uniform.draw(key, shape[-1], fan_in).T.reshape(shape)


def _rectify(x: Array) -> Array:
    return nn.leaky_relu((x - x.mean()) * jax.lax.rsqrt(x.var() + 1e-5), 0.01)
