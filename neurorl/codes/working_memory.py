r"""Working memory: a population that goes on firing at what an episode began with.

    m <- keep m + gate a(o),   gate = 1 at an episode's first observation, refresh later;   divided by its sum where that is above
                                      the sum of the rates a

Each input neuron has a partner that excites itself: what drove it once keeps it firing, as in the prefrontal cortex through
recurrent NMDA synapses (Goldman-Rakic 1995; Wang 1999; a network of spiking neurons that does it is
experiments/examples/working_memory.py). A gate lets new contents in when something new begins (O'Reilly and Frank 2006) and
shields them from what comes after. With keep 1 and refresh 0 the partners are bistable and hold the first observation to the
end; with keep below 1 and refresh above 0 they are slow traces of the recent past. The memory is part of the activity and not of
what is learned, so that it works the same in an evaluation.

Where only a few input neurons fire at a time, the partners of those are enough: a list of which they are and what they fire
(:class:`Listed`), bistable, so that an episode's first observation is what they hold.
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int

from neurorl.parameters import Checked, parameter


@struct.dataclass
class WorkingMemory(Checked):
    """Partners of the input neurons that remember them."""

    enabled: bool = parameter(False, "whether there is a working memory beside the input neurons", static=True)
    keep: float = parameter(1.0, "share of its activity that a neuron keeps an environment step", low=0.0, high=1.0)
    refresh: float = parameter(0.0, "opening of the gate after an episode's first step", low=0.0, high=1.0)


class Held(NamedTuple):
    """What is remembered."""

    rates: Float[Array, " C"]  # spikes a substep
    begins: Bool[Array, ""]  # whether the next observation is an episode's first


def init(size: int) -> Held:
    """Return an empty memory before an episode."""
    return Held(jnp.zeros(size), jnp.array(True))


def step(parameters: WorkingMemory, held: Held, rates: Float[Array, " C"]) -> Held:
    """Return the memory after one environment step with the input rates [C]; the next one is taken to be of the same episode."""
    fresh = jnp.where(held.begins, 0.0, parameters.keep) * held.rates
    mixed = fresh + jnp.where(held.begins, 1.0, parameters.refresh) * rates
    return Held(mixed / jnp.maximum(mixed.sum() / rates.sum(), 1.0), jnp.array(False))


class Listed(NamedTuple):
    """What a few bistable partners hold."""

    neurons: Int[Array, " m"]  # whose partners they are, each once
    rates: Float[Array, " m"]  # spikes a substep
    begins: Bool[Array, ""]  # whether the next observation is an episode's first


def init_listed(size: int) -> Listed:
    """Return ``size`` partners before an episode, which are silent."""
    return Listed(jnp.arange(size), jnp.zeros(size), jnp.array(True))


def step_listed(held: Listed, neurons: Int[Array, " m"], rates: Float[Array, " m"]) -> Listed:
    """Return the memory after an environment step in which ``neurons`` [m] fired; the next is taken to be of the same episode."""
    return Listed(
        neurons=jnp.where(held.begins, neurons, held.neurons),
        rates=jnp.where(held.begins, rates, held.rates),
        begins=jnp.array(False),
    )
