"""Agents by name. An agent of your own is named ``module:Class``, or added here with :func:`register`."""

import importlib
import tomllib
from importlib import resources
from typing import Any

from neurorl.agents.contract import Agent, Timestep, restart
from neurorl.errors import NeurorlError, nearest

__all__ = ["Agent", "Timestep", "find", "name_of", "names", "preset", "register", "restart"]

DEFAULT = "spiking-actor-critic"
_AGENTS: dict[str, str | type[Agent]] = {
    "spiking-actor-critic": "neurorl.agents.spiking_actor_critic:SpikingActorCritic",
    "spiking-sarsa": "neurorl.agents.spiking_sarsa:SpikingSarsa",
    "spiking-network": "neurorl.agents.spiking_network:SpikingNetwork",
    "r-stdp": "neurorl.agents.r_stdp:RStdp",
    "ppo": "neurorl.agents.ppo:PPO",
    "lif-ppo": "neurorl.agents.lif_ppo:LifPPO",
    "dqn": "neurorl.agents.dqn:DQN",
    "sarsa": "neurorl.agents.sarsa:Sarsa",
    "linear-sarsa": "neurorl.agents.linear_sarsa:LinearSarsa",
    "random": "neurorl.agents.random:Random",
}


def names() -> list[str]:
    """Return the names of the registered agents."""
    return list(_AGENTS)


def register(name: str, agent: type[Agent]) -> None:
    """Add an agent class under a name in kebab case."""
    _AGENTS[name] = agent


def find(name: str) -> type[Agent]:
    """Return an agent class by its name or by ``module:Class``.

    Raises:
        NeurorlError: An unknown name, or a class that cannot be imported.
    """
    entry = _AGENTS.get(name, name)
    if not isinstance(entry, str):
        return entry
    module, _, attribute = entry.partition(":")
    if not attribute:
        raise NeurorlError(f"unknown agent '{name}'; there are {', '.join(_AGENTS)}, or module:Class{nearest(name, _AGENTS)}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise NeurorlError(f"agent '{name}' cannot be imported: {error}") from error


def name_of(agent: type[Any]) -> str:
    """Return a name by which another process finds an agent class: its own if it is built in, else ``module:Class``."""
    path = f"{agent.__module__}:{agent.__qualname__}"
    return next((name for name, entry in _AGENTS.items() if entry == path), path)


def preset(agent: str, env_id: str) -> dict[str, Any]:
    """Return the hyperparameters by which a task's preset differs from an agent's defaults, nested; {} without one.

    Its table ``run`` holds what a run of this task is when nothing else is asked for: options such as ``steps``.
    """
    file = resources.files("neurorl.agents.presets") / f"{agent}__{env_id.replace('/', '_').replace(':', '_')}.toml"
    return tomllib.loads(file.read_text()) if file.is_file() else {}
