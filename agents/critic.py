r"""Critic: two opposed groups of integrate-and-fire neurons, whose rates are the value of what they see.

    I = rate clip(1/2 + w x, 0, 1),     V = 2 mean(sign counts / (S rate))

One group's rate raises the value and the other's lowers it. The increment of a synapse is its trace times its neuron's rate times
the sign of its group, so that dopamine has opposite effects on the two (after Fremaux, Sprekeler and Gerstner 2013).
"""

from typing import NamedTuple

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.neurons import integrate_and_fire
from neurorl.parameters import parameter
from neurorl.plasticity.plastic import Plastic, PlasticSynapses
from neurorl.plasticity.rules import Presynaptic


class Judgement(NamedTuple):
    """What the critic made of S substeps."""

    potential: Array  # [2 neurons], in thresholds
    spikes: Array  # [S, 2 neurons], counts
    value: Array  # [], in [-1, 1]
    increment: Array  # [2 neurons, C], of the eligibility


@struct.dataclass
class Critic(PlasticSynapses):
    """Two opposed groups of integrate-and-fire neurons."""

    neurons: int = parameter(2, "neurons of each group", low=1, high=1024, static=True)
    rate: float = parameter(8.0, "spikes per substep at full drive", low=1.0)
    leak: float = parameter(0.0, "share of the membrane potential lost per substep", low=0.0, high=1.0)
    floor: float = parameter(
        0.0, "share of the full rate that eligibility counts at least; above 0 a silenced neuron can come back", low=0.0, high=1.0
    )

    @property
    def size(self) -> int:
        """Number of neurons of both groups."""
        return 2 * self.neurons

    @property
    def signs(self) -> Array:
        """+1 for the group whose rate raises the value and -1 for the other, [2 neurons]."""
        return jnp.repeat(jnp.array([1.0, -1.0]), self.neurons)

    def judge(self, synapses: Plastic, potential: Array, x: Presynaptic) -> Judgement:
        """Return the value of what the synapses see, and what the judgement leaves at them."""
        current = self.rate * jnp.clip(0.5 + self.drive(synapses, x), 0.0, 1.0)
        counts = []
        for substep in range(len(current)):
            potential, count = integrate_and_fire.step(potential, current[substep], self.leak)
            counts.append(count)
        spikes = jnp.stack(counts)
        rates = spikes / self.rate
        value = 2.0 * jnp.mean(self.signs * rates.mean(0))
        increment = x.correlate(2.0 * self.signs * jnp.maximum(rates, self.floor) / len(current))
        return Judgement(potential, spikes, value, increment)

    def materialised(self, synapses: Plastic, x: Presynaptic) -> Array:
        """Return the value that the rates settle at, [], not rounded to whole spikes."""
        drive = self.drive(synapses, x).mean(0)
        return 2.0 * jnp.mean(self.signs * jnp.clip(0.5 + drive, 0.0, 1.0))
