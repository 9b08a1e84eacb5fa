r"""What action neurons are besides their synapses: excitable by themselves, refractory after they acted, noisy for a while.

    u_i <- u_i + bias_i;   u_i = -inf for refractory_i environment steps after neuron i acted
    noise of a head: drawn anew with probability 1 - persistence, else that of the step before

A neuron that stands for a rare act has a low resting potential; one whose act needs time to show what it was good for had better
wait (spike-frequency adaptation, taken to its end). Noise that lasts tries a choice for as long as its consequences take to show,
as slow membrane currents do, where choices drawn anew every step cancel each other (Lillicrap et al. 2016 for such exploration).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked, parameter


class Memory(NamedTuple):
    """What action neurons remember from step to step; () for what is off."""

    rest: Any = ()  # [A], environment steps until a neuron can fire again
    noise: Any = ()  # [heads, 2] uint32, the raw key that each head's noise is drawn from


@struct.dataclass
class Intrinsic(Checked):
    """Intrinsic properties of action neurons, in the order of the heads; all off by default."""

    bias: tuple[float, ...] = parameter((), "drive of each neuron without input; empty: 0", static=True)
    refractory: tuple[int, ...] = parameter((), "environment steps that each is silent after it acted; empty: 0", static=True)
    persistence: tuple[float, ...] = parameter(
        (), "probability that the noise of each head is that of the step before; empty: 0", static=True
    )

    def begin(self, heads: tuple[int, ...]) -> Memory:
        """Return neurons that have not acted.

        Raises:
            NeurorlError: A list that does not fit the heads.
        """
        for name, needed in (("bias", sum(heads)), ("refractory", sum(heads)), ("persistence", len(heads))):
            given = len(getattr(self, name))
            if given not in (0, needed):
                raise NeurorlError(f"'actor.intrinsic.{name}' has {given} numbers; it must have {needed}, for heads of {heads}")
        noise = jnp.zeros((len(heads), 2), jnp.uint32) if self.persistence else ()
        return Memory(jnp.zeros(sum(heads)) if self.refractory else (), noise)

    def excite(self, memory: Memory, drive: Array) -> Array:
        """Return the drives [..., A] with what neurons add and when they cannot fire."""
        if self.bias:
            drive = drive + np.array(self.bias, np.float32)
        return jnp.where(memory.rest > 0.0, -jnp.inf, drive) if self.refractory else drive

    def keys(self, memory: Memory, keys: list[Array]) -> tuple[Memory, list[Array]]:
        """Return the key of each head's noise: a new one of ``keys``, or the one that lasts."""
        if not self.persistence:
            return memory, keys
        noise, lasting = [], []
        for head, (key, stay) in enumerate(zip(keys, self.persistence, strict=True)):
            coin, fresh = jax.random.split(key)
            stays = jax.random.uniform(coin) < stay
            noise.append(jnp.where(stays, memory.noise[head], jax.random.key_data(fresh)))
            lasting.append(jax.random.wrap_key_data(noise[-1]))
        return memory._replace(noise=jnp.stack(noise)), lasting

    def acted(self, memory: Memory, won: Array) -> Memory:
        """Return the neurons after an environment step in which those of ``won`` [A], 0 or 1, acted."""
        if not self.refractory:
            return memory
        silent = np.array(self.refractory, np.float32)
        return memory._replace(rest=jnp.where(won > 0.0, silent, jnp.maximum(memory.rest - 1.0, 0.0)))
