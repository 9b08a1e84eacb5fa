"""The environments of this package: their ids in Gymnasium, and the JAX environments behind them.

``import neurorl`` registers them, so this module must import nothing that takes time.
"""

import importlib
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import gymnasium

from neurorl.envs.ranges import KNOWN

# The JAX environment of each id, as module:Class; what Gymnasium makes of it is in the folder's ``gymnasium_env``.
OWN = {
    "neurorl/FpgaTelemetry-v0": "neurorl.envs.fpga.env:FpgaTelemetry",
    "neurorl/FpgaTelemetryContinuous-v0": "neurorl.envs.fpga.env:FpgaTelemetryContinuous",
}
# Ids of Gymnasium that gymnax has too.
IN_BOTH = ("CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0")
_GYMNASIUM = {
    "neurorl/FpgaTelemetry-v0": ("FpgaEnv", "FpgaVectorEnv"),
    "neurorl/FpgaTelemetryContinuous-v0": ("FpgaContinuousEnv", "FpgaContinuousVectorEnv"),
}
STANDARD = ("gymnasium.", "gymnax.", "neurorl.")  # where the environments come from that something is known of
GYMNAX = "gymnax/"  # its ids go without this prefix too
FPGA_STEPS = 600  # time limit; the parameter ``max_steps_in_episode`` has the same default


def register() -> None:
    """Give Gymnasium the ids, once."""
    for env_id, (single, vector) in _GYMNASIUM.items():
        if env_id not in gymnasium.registry:
            module = "neurorl.envs.fpga.gymnasium_env"
            gymnasium.register(
                env_id,
                entry_point=f"{module}:{single}",
                vector_entry_point=f"{module}:{vector}",
                max_episode_steps=FPGA_STEPS,
            )


def ids() -> list[str]:
    """Return the ids of every JAX environment there is: this package's, then gymnax's."""
    return [*OWN, *_gymnax().registered_envs]


def may_be_jax(env_id: str) -> bool:
    """Return whether an id is that of a JAX environment, if of any: known without importing gymnax, with which JAX begins."""
    return env_id in OWN or env_id in IN_BOTH or env_id not in gymnasium.registry


def make(env_id: str, **arguments: Any) -> tuple[Any, Any]:
    """Return a JAX environment and its default parameters."""
    if env_id not in OWN:
        return _gymnax().make(env_id, **arguments)
    module, _, name = OWN[env_id].partition(":")
    env = getattr(importlib.import_module(module), name)(**arguments)
    return env, env.default_params


def _gymnax() -> Any:
    """Return gymnax, imported without the plotting that some of its environments begin with: seconds for what is hardly used."""
    if "gymnax" not in sys.modules:
        later = {name: _Later(name) for name in ("matplotlib.pyplot", "seaborn") if name not in sys.modules}
        sys.modules.update(later)
        try:
            importlib.import_module("gymnax")
        finally:
            for name in later:
                sys.modules.pop(name)
    return sys.modules["gymnax"]


class _Later(types.ModuleType):
    """Stands for a module in those that import it now, and becomes it where it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


def arguments(env: Any) -> dict[str, Any]:
    """Return the arguments of a JAX environment's constructor that can be set by ``env.NAME``, with their defaults."""
    return arguments_of(type(env))


def arguments_of(make: Callable[..., Any]) -> dict[str, Any]:
    """Return the arguments of a class or a function that are numbers or names, with their defaults."""
    signature = inspect.signature(make).parameters
    return {name: p.default for name, p in signature.items() if isinstance(p.default, int | float | str)}


def is_replaced(env_id: str) -> bool:
    """Return whether Gymnasium's environment of an id that we know is somebody's own, registered over it."""
    spec = gymnasium.registry.get(env_id)
    if spec is None or (env_id not in KNOWN and env_id not in ids()):
        return False
    place = spec.entry_point if isinstance(spec.entry_point, str) else getattr(spec.entry_point, "__module__", "")
    if place.startswith(STANDARD):
        return False
    return env_id in KNOWN or type(make(env_id)[0]).__module__.startswith(STANDARD)
