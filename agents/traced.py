"""A network that learns along the trace of its gradients, by bounded steps (ObGD: Elsayed, Vasan and Mahmood 2024)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from neurorl.plasticity import bounded_step
from neurorl.typing import Scalar


class Traced(NamedTuple):
    """The weights of a network, and the trace of what they are praised or blamed for."""

    weights: Any
    trace: Any  # likewise


def step(network: Traced, gradient: Any, decay: Scalar, delta: Array, kappa: Scalar, rate: Scalar, over: Array) -> Traced:
    """Return a network after one step.

    Args:
        network: The network.
        gradient: What its trace takes up, like the weights.
        decay: What is left of the trace before.
        delta: [], prediction error.
        kappa: How many times smaller the step is than the largest safe one.
        rate: Largest step, where the bound does not bind.
        over: [], bool: whether the trace ends with this step.
    """
    trace = jax.tree.map(lambda z, g: decay * z + g, network.trace, gradient)
    mass = sum(jnp.abs(z).sum() for z in jax.tree.leaves(trace))
    size = bounded_step.size(delta, jnp.asarray(mass), kappa, rate)
    weights = jax.tree.map(lambda w, z: w + size * z, network.weights, trace)
    return Traced(weights, jax.tree.map(lambda z: jnp.where(over, 0.0, z), trace))
