r"""Plastic synapses of an agent, on the clock of the environment: they drive, they are tagged, and dopamine lets them learn.

    E <- gamma lambda E + increment,   E <- 0 at an episode's end;      w <- w + rate dopamine E

Fremaux and Gerstner (2016). Any population of an agent is one of these; what its neurons do with the drive, and what increment
they leave, is the population's own.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float

from neurorl.homeostasis import scaling
from neurorl.parameters import Checked, parameter
from neurorl.plasticity import consolidation, eligibility, three_factor
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.rules import Presynaptic
from neurorl.typing import Scalar


class Plastic(NamedTuple):
    """Synapses of C inputs onto n neurons."""

    weights: Float[Array, "n C"]
    eligibility: Float[Array, "n C"]
    slow: Any = ()  # [n, C], slow components of the weights, which act when nothing is learned; () for none


@struct.dataclass
class Homeostasis(Checked):
    """What keeps the actor in range."""

    scaling: str = parameter("l2", "norm of a neuron's weights that synaptic scaling caps", choices=scaling.NORMS, static=True)
    cap: float = parameter(45.0, "largest norm of an actor neuron's weights", low=0.0)
    threshold_rate: float = parameter(1e-4, "threshold change per environment step for a unit of activity", low=0.0)


@struct.dataclass
class PlasticSynapses(Checked):
    """Constants of plastic synapses."""

    learning_rate: float = parameter(1.0, "weight change per environment step for a unit of dopamine and eligibility", low=0.0)
    lambda_: float = parameter(0.95, "decay of eligibility per environment step, beside gamma", low=0.0, high=1.0)

    def begin(self, n: int, inputs: int, slow: bool = False) -> Plastic:
        """Return synapses of weight 0 without a tag, with slow components or without."""
        return Plastic(*jnp.zeros((3 if slow else 2, n, inputs)))

    def drive(self, synapses: Plastic, x: Presynaptic) -> Float[Array, "S n"]:
        """Return the drive of the postsynaptic neurons, [S, n], by S substeps of the presynaptic traces."""
        return x.project(synapses.weights)

    def learn(
        self,
        synapses: Plastic,
        dopamine: Float[Array, ""],
        gate: Scalar = 1.0,
        homeostasis: Homeostasis | None = None,
        slow: Consolidation = Consolidation(),
    ) -> tuple[Plastic, Bool[Array, ""]]:
        """Let dopamine turn the tags into weights.

        Args:
            synapses: Before the step.
            dopamine: [], the prediction error, after any gain. Zero changes nothing, to the bit.
            gate: Factor of the learning rate, [].
            homeostasis: What caps the weights, where something does.
            slow: How slow components follow, where there are any.

        Returns:
            The synapses, and whether scaling acted, [].
        """
        weights = three_factor.change(synapses.weights, synapses.eligibility, dopamine, self.learning_rate * gate)
        scaled = jnp.array(False)
        if homeostasis is not None:
            weights, scaled = scaling.cap(weights, homeostasis.scaling, homeostasis.cap, enabled=dopamine != 0.0)
        if not isinstance(synapses.slow, tuple):
            synapses = synapses._replace(slow=consolidation.update(slow, synapses.slow, weights))
        return synapses._replace(weights=weights), scaled

    def tag(self, synapses: Plastic, increment: Float[Array, "n C"], gamma: Scalar, ended: Bool[Array, ""]) -> Plastic:
        """Return the synapses with the tags of another environment step, ``increment`` [n, C]."""
        kept = eligibility.decay(synapses.eligibility, gamma * self.lambda_, ended)
        return synapses._replace(eligibility=kept + increment)
