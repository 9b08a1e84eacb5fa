"""MuJoCo Playground (Zakka et al. 2025): ``playground/CartpoleBalance``.

Its robots load their models from the network at first use; those of the DeepMind control suite are in the package.
"""

from typing import Any

from mujoco_playground import registry

from neurorl.envs.suites.brax import Brax
from neurorl.errors import NeurorlError


def ids() -> list[str]:
    """Return its registered names."""
    return sorted(registry.ALL_ENVS)


def arguments(name: str) -> dict[str, Any]:
    """Return the numbers and names in an environment's configuration, among them ``episode_length``; MuJoCo runs in JAX."""
    settings = {key: value for key, value in registry.get_default_config(name).items() if isinstance(value, int | float | str)}
    return settings | ({"impl": "jax"} if "impl" in settings else {})


def make(name: str, **arguments: Any) -> "Playground":
    """Return an environment."""
    if arguments.get("vision"):
        raise NeurorlError(f"'playground/{name}' with env.vision needs a renderer on a GPU, which neurorl does not start")
    return Playground(registry.load(name, config_overrides=arguments), f"playground/{name}", arguments["episode_length"])


class Playground(Brax):
    """An environment of MuJoCo Playground; like brax it leaves its time limit to whoever wraps it."""
