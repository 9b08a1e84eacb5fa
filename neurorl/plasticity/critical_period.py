r"""Critical period: what is left of it scales learning rates, so that a grown learner changes little.

    rate(t) = rate max(1 - t / T, floor)^power

As cortex does when its critical period closes (Hensch 2005); with a power of 1 or 2 the errors that single rewards leave in the
weights die out before the rate does. It needs to know how long it has; ``coherence`` and acetylcholine close by what they see
instead, which where rewards are noisier than choices matter is too late, or too early.
"""

from typing import Any

import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar


@struct.dataclass
class CriticalPeriod(Checked):
    """How learning rates fall; off by default."""

    enabled: bool = parameter(False, "whether learning rates fall", static=True)
    steps: int | None = parameter(None, "environment steps until it closes; null: those of the run", low=1, optional=True)
    floor: float = parameter(0.1, "share of it that is always left", low=0.0, high=1.0)
    actor: float = parameter(2.0, "power of what is left that the actor's learning rate follows", low=0.0)
    critic: float = parameter(1.0, "and the critic's", low=0.0)
    openness: float = parameter(1.0, "and, beside the actor's learning rate, what keeps its choice open", low=0.0)

    def begin(self) -> Any:
        """Return the age of a newborn, int32 []; () where nothing falls."""
        return jnp.int32(0) if self.enabled else ()

    def older(self, age: Any) -> Any:
        """Return the age after an environment step."""
        return age + 1 if self.enabled else age

    def left(self, age: Any, power: Scalar) -> Scalar | Array:
        """Return the factor of a rate at an age, []; 1 where nothing falls, or the period has no end."""
        if not self.enabled or self.steps is None:
            return 1.0
        return jnp.maximum(1.0 - age / self.steps, self.floor) ** power
