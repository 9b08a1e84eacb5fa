"""Spiking reinforcement learning in JAX: agents that learn Gymnasium tasks by dopamine-gated plasticity.

    run = neurorl.train("CartPole-v1", seeds=30, steps=20_000)
    run.plot()
    agent = run.agent(3)
    action = agent.act(observation)

``neurorl.load(DIR)`` gives the same run later. Names are loaded on first use, so that the import itself is immediate; it
registers the package's environments with Gymnasium.
"""

import importlib
from typing import TYPE_CHECKING, Any

from neurorl.envs import registry as _registry

if TYPE_CHECKING:
    from neurorl.agents.contract import Agent as Agent
    from neurorl.agents.contract import Recording as Recording
    from neurorl.agents.contract import Timestep as Timestep
    from neurorl.agents.spiking_actor_critic import SpikingActorCritic as SpikingActorCritic
    from neurorl.agents.spiking_deep import SpikingDeep as SpikingDeep
    from neurorl.agents.spiking_network import SpikingNetwork as SpikingNetwork
    from neurorl.agents.spiking_sarsa import SpikingSarsa as SpikingSarsa
    from neurorl.errors import NeurorlError as NeurorlError
    from neurorl.loggers import Logger as Logger
    from neurorl.loggers import Point as Point
    from neurorl.networks import Network as Network
    from neurorl.networks import NetworkConfig as NetworkConfig
    from neurorl.neuromodulation import Modulation as Modulation
    from neurorl.neuromodulation import Neuromodulator as Neuromodulator
    from neurorl.neurons import LIF as LIF
    from neurorl.neurons import AdaptiveLIF as AdaptiveLIF
    from neurorl.neurons import EscapeNoise as EscapeNoise
    from neurorl.neurons import Izhikevich as Izhikevich
    from neurorl.neurons import Neuron as Neuron
    from neurorl.neurons import NoiseCurrent as NoiseCurrent
    from neurorl.plasticity import STDP as STDP
    from neurorl.plasticity import DopamineSTDP as DopamineSTDP
    from neurorl.plasticity import WeightBounds as WeightBounds
    from neurorl.runs.run import Run as Run
    from neurorl.runs.run import TrainedAgent as TrainedAgent
    from neurorl.runs.run import load as load
    from neurorl.runs.training import resume as resume
    from neurorl.runs.training import train as train
    from neurorl.synapses import Conductance as Conductance
    from neurorl.synapses import ExponentialCurrent as ExponentialCurrent
    from neurorl.synapses import ShortTermPlasticity as ShortTermPlasticity

__version__ = "0.1.0"

_HOME = {
    "NeurorlError": "neurorl.errors",
    "Run": "neurorl.runs.run",
    "TrainedAgent": "neurorl.runs.run",
    "load": "neurorl.runs.run",
    "resume": "neurorl.runs.training",
    "train": "neurorl.runs.training",
    "Logger": "neurorl.loggers",
    "Point": "neurorl.loggers",
    "Network": "neurorl.networks",
    "NetworkConfig": "neurorl.networks",
    "LIF": "neurorl.neurons",
    "AdaptiveLIF": "neurorl.neurons",
    "EscapeNoise": "neurorl.neurons",
    "Izhikevich": "neurorl.neurons",
    "Neuron": "neurorl.neurons",
    "NoiseCurrent": "neurorl.neurons",
    "Conductance": "neurorl.synapses",
    "ExponentialCurrent": "neurorl.synapses",
    "ShortTermPlasticity": "neurorl.synapses",
    "STDP": "neurorl.plasticity",
    "DopamineSTDP": "neurorl.plasticity",
    "WeightBounds": "neurorl.plasticity",
    "Modulation": "neurorl.neuromodulation",
    "Neuromodulator": "neurorl.neuromodulation",
    "Agent": "neurorl.agents.contract",
    "Recording": "neurorl.agents.contract",
    "Timestep": "neurorl.agents.contract",
    "SpikingActorCritic": "neurorl.agents.spiking_actor_critic",
    "SpikingDeep": "neurorl.agents.spiking_deep",
    "SpikingNetwork": "neurorl.agents.spiking_network",
    "SpikingSarsa": "neurorl.agents.spiking_sarsa",
}

__all__ = [
    "LIF",
    "STDP",
    "AdaptiveLIF",
    "Agent",
    "Conductance",
    "DopamineSTDP",
    "EscapeNoise",
    "ExponentialCurrent",
    "Izhikevich",
    "Logger",
    "Modulation",
    "Network",
    "NetworkConfig",
    "Neuromodulator",
    "Neuron",
    "NeurorlError",
    "NoiseCurrent",
    "Point",
    "Recording",
    "Run",
    "ShortTermPlasticity",
    "SpikingActorCritic",
    "SpikingDeep",
    "SpikingNetwork",
    "SpikingSarsa",
    "Timestep",
    "TrainedAgent",
    "WeightBounds",
    "__version__",
    "load",
    "resume",
    "train",
]


_ROOMS = ("exchange", "nir")  # packages that are there without an import of their own

_registry.register()


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"neurorl.{name}")
    raise AttributeError(f"module 'neurorl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, *_ROOMS])
