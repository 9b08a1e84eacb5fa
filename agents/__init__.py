"""Agents by name. An agent of your own is named ``module:Class``, or added here with :func:`register`."""

import importlib
import math
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any

from neurorl.agents.contract import Agent, Timestep, restart
from neurorl.errors import NeurorlError, nearest

__all__ = ["Agent", "Timestep", "find", "name_of", "names", "preset", "register", "restart", "usual"]

SMALL_IMAGE = 10_000  # entries: what a hidden layer hears of a larger one are millions of synapses for each learner
_AGENTS: dict[str, str | type[Agent]] = {
    "spiking-actor-critic": "neurorl.agents.spiking_actor_critic:SpikingActorCritic",
    "spiking-sarsa": "neurorl.agents.spiking_sarsa:SpikingSarsa",
    "spiking-deep": "neurorl.agents.spiking_deep:SpikingDeep",
    "spiking-network": "neurorl.agents.spiking_network:SpikingNetwork",
    "r-stdp": "neurorl.agents.r_stdp:RStdp",
    "stream-q": "neurorl.agents.stream_q:StreamQ",
    "stream-ac": "neurorl.agents.stream_ac:StreamAC",
    "ppo": "neurorl.agents.ppo:PPO",
    "recurrent-ppo": "neurorl.agents.recurrent_ppo:RecurrentPPO",
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


def find(agent: Any) -> type[Agent]:
    """Return an agent class.

    Args:
        agent: A registered name, ``module:Class`` or ``module:function``, a class, or a function. A function takes the spaces of
            observations and actions and returns a :class:`neurorl.networks.network.Network`, or an agent.

    Raises:
        NeurorlError: An unknown name, or something that cannot be imported or is no agent.
    """
    entry = _AGENTS.get(agent, agent) if isinstance(agent, str) else agent
    if isinstance(entry, str):
        module, _, attribute = entry.partition(":")
        if not attribute:
            known = f"{', '.join(_AGENTS)}, module:Class and module:function"
            raise NeurorlError(f"unknown agent '{agent}'; there are {known}{nearest(agent, _AGENTS)}")
        try:
            entry = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise NeurorlError(f"agent '{agent}' cannot be imported: {error}") from error
    if isinstance(entry, type):
        return entry
    if not callable(entry):
        raise NeurorlError(f"agent '{agent}' is a {type(entry).__name__}; name a class, or a function of the two spaces")
    return _made_by(entry)


def _made_by(function: Callable[..., Any]) -> type[Agent]:
    """Return what stands for the class of the agents that a function of the spaces makes."""

    def for_spaces(observation_space: Any, action_space: Any, **ranges: Any) -> Any:
        from neurorl.agents.spiking_network import SpikingNetwork
        from neurorl.networks.network import Network

        made = function(observation_space, action_space)
        agent = SpikingNetwork(made) if isinstance(made, Network) else made
        if not isinstance(agent, Agent):
            raise NeurorlError(f"the function {function!r} made a {type(made).__name__}; it must return a Network or an agent")
        return agent.fit(observation_space, action_space, **ranges)

    names = {"for_spaces": staticmethod(for_spaces), "__module__": function.__module__, "__qualname__": function.__qualname__}
    return type(function.__name__, (Agent,), names)


def name_of(agent: type[Any]) -> str:
    """Return a name by which another process finds an agent class: its own if it is built in, else ``module:Class``."""
    path = f"{agent.__module__}:{agent.__qualname__}"
    return next((name for name, entry in _AGENTS.items() if entry == path), path)


def usual(observation_space: Any, action_space: Any) -> str:
    """Return the name of the agent that is meant where none is named.

    That is ``spiking-deep``, whose one configuration serves most tasks, with two exceptions. Where boxes are answered by choices,
    the actor-critic learns CartPole in a fifth of its steps and Acrobot in a third. Of a large image a hidden layer would hear
    too much.
    """
    from gymnasium.spaces import Box

    from neurorl import codes, packing

    images = [leaf for leaf in packing.leaves(observation_space) if codes.is_image(leaf)]
    boxes = any(isinstance(leaf, Box) and not codes.is_image(leaf) for leaf in packing.leaves(observation_space))
    large = any(math.prod(leaf.shape) > SMALL_IMAGE for leaf in images)
    return "spiking-actor-critic" if large or (boxes and not isinstance(action_space, Box)) else "spiking-deep"


def preset(agent: str, env_id: str) -> dict[str, Any]:
    """Return the hyperparameters by which a task's preset differs from an agent's defaults, nested; {} without one.

    Its table ``run`` holds what a run of this task is when nothing else is asked for: options such as ``steps``; its table
    ``env`` the environment's parameters that it was found with.
    """
    file = resources.files("neurorl.agents.presets") / f"{agent}__{env_id.replace('/', '_').replace(':', '_')}.toml"
    return tomllib.loads(file.read_text()) if file.is_file() else {}
