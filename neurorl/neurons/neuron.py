r"""What a neuron model is: a group of constants with pure functions on one population of n neurons.

    state         = model.init(n)                          at rest
    state, spikes = model.step(state, current, dt, key)    one step of dt ms, input current held; spikes [n] are 0.0 or 1.0

Any class with these two is a model of a network, wherever it is written; ``neuron="module:Class"`` names one. The other functions
say how synapses, modulators and rules meet it. Inherit from :class:`Neuron` and they have an answer that holds for every model
whose state has a potential ``v``; a model that knows better overrides them.
"""

import importlib
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from neurorl.errors import NeurorlError, nearest
from neurorl.parameters import Checked
from neurorl.typing import PerNeuron, Scalar


class Neuron(Checked):
    """Base class of neuron models; see the module's docstring. ``init`` and ``step`` must be given."""

    def init(self, n: int) -> Any:
        """Return ``n`` neurons at rest."""
        raise NotImplementedError

    def step(
        self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0, key: Array | None = None
    ) -> tuple[Any, Float[Array, " n"]]:
        """Return the state after a step of ``dt`` ms with input ``current`` [n], and the spikes [n]."""
        raise NotImplementedError

    def ahead(self, state: Any, dt: Scalar, key: Array | None) -> Float[Array, " n"] | None:
        """Return the spikes [n] of a step of a model that no input moves and that never changes; None for all others.

        Such neurons can be asked for the spikes of many steps at once.
        """
        return None

    def hazard(self, state: Any, current: Float[Array, " n"], dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the probability [n] of a spike in a step from ``state``: what the rule escape-noise compares spikes with.

        Raises:
            NeurorlError: A model without noise of its own.
        """
        raise NeurorlError(f"{type(self).__name__} has no escape noise, which the rule escape-noise needs: give it 'escape'")

    def current_of_jump(self, dt: Scalar = 1.0) -> Float[Array, "*n"]:
        """Return the current that, held for a step of ``dt`` ms, moves v by 1 mV: how a delta synapse enters the neuron."""
        return 1.0 / jnp.asarray(dt)

    def mean_current(self, current: Float[Array, " n"], tau: PerNeuron, dt: Scalar = 1.0) -> Float[Array, " n"]:
        """Return the constant current that stands, for a step, for one that decays from ``current`` [n] with ``tau`` ms."""
        return current * -jnp.expm1(-dt / tau) * tau / dt

    def with_conductance(
        self, state: Any, conductance: Float[Array, " n"], drive: Float[Array, " n"]
    ) -> tuple[Any, Float[Array, " n"]]:
        """Return the model and the extra current [n] of a step with open synaptic channels.

        Args:
            state: Of the population at the start of the step.
            conductance: [n], sum over synapses of g, in the inverse of the unit of resistance.
            drive: [n], sum over synapses of g times the reversal potential, mV.
        """
        return self, drive - conductance * state.v

    def modulated(self, threshold: PerNeuron = 0.0, tau_m: PerNeuron = 1.0) -> Any:
        """Return the model with its threshold raised by ``threshold`` mV and its membrane slower by the factor ``tau_m``.

        Models without a threshold, or without a membrane time constant, stay as they are.
        """
        return self


def find(name: str, known: dict[str, Neuron]) -> Neuron:
    """Return a model by its name among those ``known``, or by ``module:Class`` or ``module:object`` for one of your own.

    Raises:
        NeurorlError: An unknown name, something that cannot be imported, or that is no model.
    """
    if name in known:
        return known[name]
    module, _, attribute = name.partition(":")
    if not attribute:
        raise NeurorlError(f"'neuron' is {name!r}; it must be one of {', '.join(known)}, or module:Class{nearest(name, known)}")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise NeurorlError(f"'neuron' is {name!r}, which cannot be imported: {error}") from error
    return check(found() if isinstance(found, type) else found)


def check(model: Any) -> Any:
    """Return ``model``, or raise a NeurorlError that says which functions it lacks."""
    if missing := [verb for verb in ("init", "step") if not callable(getattr(model, verb, None))]:
        raise NeurorlError(f"'neuron' is {model!r}, which has no {' and no '.join(missing)}: see neurorl.neurons.Neuron")
    return model
