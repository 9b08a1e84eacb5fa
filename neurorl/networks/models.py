"""Which module advances which neurons: a population's model is told by the type of its parameters."""

from types import ModuleType
from typing import Any

import jax.numpy as jnp
from jax import Array

from neurorl.errors import NeurorlError, nearest
from neurorl.neurons import adaptive_lif, izhikevich, lif
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.izhikevich import Izhikevich
from neurorl.neurons.lif import LIF

NeuronParameters = LIF | AdaptiveLIF | Izhikevich

MODULES: dict[type, ModuleType] = {
    LIF: lif,
    AdaptiveLIF: adaptive_lif,
    Izhikevich: izhikevich,
}
NAMES = ("lif", "adaptive_lif", *izhikevich.PRESETS)


def module_of(parameters: Any) -> ModuleType:
    """Return the module whose ``init`` and ``step`` take these parameters.

    Raises:
        NeurorlError: Parameters of no known model.
    """
    if type(parameters) not in MODULES:
        known = ", ".join(kind.__name__ for kind in MODULES)
        raise NeurorlError(f"'neuron' is of type {type(parameters).__name__}; it must be one of {known}")
    return MODULES[type(parameters)]


def by_name(name: str, shared: LIF) -> NeuronParameters:
    """Return the parameters of a model by its name: ``lif``, ``adaptive_lif``, or a preset of the Izhikevich neuron.

    Args:
        name: One of NAMES.
        shared: Membrane constants of the LIF family.

    Raises:
        NeurorlError: An unknown name.
    """
    if name not in NAMES:
        raise NeurorlError(f"'neuron' is {name!r}; it must be one of {', '.join(NAMES)}{nearest(name, NAMES)}")
    if name == "lif":
        return shared
    if name == "adaptive_lif":
        return AdaptiveLIF(
            **{
                field: getattr(shared, field)
                for field in ("tau_m", "v_rest", "v_threshold", "v_reset", "refractory", "resistance")
            }
        )
    return izhikevich.PRESETS[name]


def current_of_jump(parameters: NeuronParameters, dt: float | Array) -> Array:
    """Return the current that, held for one step, moves v by 1 mV: how a delta synapse enters a neuron that takes currents."""
    if isinstance(parameters, Izhikevich):
        return 1.0 / jnp.asarray(dt)
    return 1.0 / (parameters.resistance * -jnp.expm1(-dt / parameters.tau_m))
