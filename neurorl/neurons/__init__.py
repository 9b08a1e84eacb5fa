"""Point neurons: models with pure functions on one population, to be mapped and scanned by the caller."""

from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.escape_noise import EscapeNoise
from neurorl.neurons.integrators import IntegrateAndFire, LeakyIntegrator
from neurorl.neurons.izhikevich import PRESETS, Izhikevich
from neurorl.neurons.lif import LIF
from neurorl.neurons.neuron import Neuron
from neurorl.neurons.noise import NoiseCurrent
from neurorl.neurons.poisson import Poisson
from neurorl.neurons.relay import Relay

__all__ = [
    "LIF",
    "MODELS",
    "PRESETS",
    "AdaptiveLIF",
    "EscapeNoise",
    "IntegrateAndFire",
    "Izhikevich",
    "LeakyIntegrator",
    "Neuron",
    "NoiseCurrent",
    "Poisson",
    "Relay",
]

# What ``neuron="NAME"`` finds without a module.
MODELS: dict[str, Neuron] = {"lif": LIF(), "adaptive_lif": AdaptiveLIF(), "relay": Relay(), **PRESETS}
