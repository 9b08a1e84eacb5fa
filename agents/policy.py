r"""A policy that a network's outputs describe, for actions of any space: independent components.

a component of n choices    n outputs, the logits
a continuous one            2 outputs: the mean, and what becomes the deviation, softplus(.), of a normal variate;
                            one unit is half the component's range, 0 its middle; the action is cut to the range
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.agents.actions import Actions


def size(actions: Actions) -> int:
    """Return how many outputs describe a policy."""
    return sum(n or 2 for n in actions.choices)


def draw(key: Array, outputs: Array, actions: Actions) -> Array:
    """Return what is drawn from the policy of ``outputs`` [size]: the choice or the variate of each component, [components]."""
    parts = _split(outputs, actions)
    keys = jax.random.split(key, len(parts))
    drawn = [
        jax.random.categorical(k, part) if n else part[0] + _deviation(part) * jax.random.normal(k)
        for k, n, part in zip(keys, actions.choices, parts, strict=True)
    ]
    return jnp.stack([jnp.asarray(x, jnp.float32) for x in drawn])


def likeliest(outputs: Array, actions: Actions) -> Array:
    """Return what is most probable of each component, [components]."""
    parts = zip(actions.choices, _split(outputs, actions), strict=True)
    return jnp.stack([jnp.asarray(jnp.argmax(part) if n else part[0], jnp.float32) for n, part in parts])


def log_probability(outputs: Array, drawn: Array, actions: Actions) -> Array:
    """Return the logarithm of the probability, or its density, of what was drawn [components], []."""
    total = jnp.float32(0.0)
    for n, part, x in zip(actions.choices, _split(outputs, actions), drawn, strict=True):
        if n:
            total += jax.nn.log_softmax(part)[x.astype(jnp.int32)]
        else:
            total += jax.scipy.stats.norm.logpdf(x, part[0], _deviation(part))
    return total


def entropy(outputs: Array, actions: Actions) -> Array:
    """Return the sum of the components' entropies, []."""
    total = jnp.float32(0.0)
    for n, part in zip(actions.choices, _split(outputs, actions), strict=True):
        if n:
            log_policy = jax.nn.log_softmax(part)
            total -= (jnp.exp(log_policy) * log_policy).sum()
        else:
            total += 0.5 * math.log(2.0 * math.pi * math.e) + jnp.log(_deviation(part))
    return total


def action(drawn: Array, actions: Actions) -> Array:
    """Return the environment's action of what was drawn [components], [*shape]."""
    said = [
        x.astype(jnp.int32) + int(low) if n else (low + high) / 2.0 + (high - low) / 2.0 * jnp.clip(x, -1.0, 1.0)
        for n, low, high, x in zip(actions.choices, actions.low, actions.high, drawn, strict=True)
    ]
    return actions.assemble(said)


def _split(outputs: Array, actions: Actions) -> list[Array]:
    """Return the outputs of each component."""
    return jnp.split(outputs, np.cumsum([n or 2 for n in actions.choices])[:-1])


def _deviation(part: Array) -> Array:
    return jax.nn.softplus(part[1])
