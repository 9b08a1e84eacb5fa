"""jumanji (Bonnet et al. 2024): puzzles, packing and routing; ``jumanji/Snake-v1``.

Most of its environments end an episode at their ``time_limit`` as if the task had ended it (a discount of 0), and so it is
passed on. Those that act for several agents at once are refused.
"""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import jumanji
import numpy as np
from gymnasium import spaces
from jax import Array
from jumanji import registration, specs
from jumanji.types import TimeStep

from neurorl import packing
from neurorl.envs.suites.episode import SuiteWorld, box
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError

LAST = 2  # the type of an episode's last timestep


def ids() -> list[str]:
    """Return its registered names."""
    return sorted(registration.registered_environments())


def arguments(name: str) -> dict[str, Any]:
    """Return the arguments of an environment that are numbers, with what it is registered with."""
    spec = registration._REGISTRY[name]
    signature = inspect.signature(registration.load(spec.entry_point)).parameters
    defaults = {key: parameter.default for key, parameter in signature.items()} | spec.kwargs
    return {key: value for key, value in defaults.items() if isinstance(value, int | float)}


def make(name: str, **arguments: Any) -> "Jumanji":
    """Return an environment."""
    return Jumanji(jumanji.make(name, **arguments), f"jumanji/{name}")


class Jumanji(SuiteWorld):
    """An environment of jumanji for one agent."""

    def __init__(self, env: Any, name: str):
        """Wrap an environment."""
        if env.reward_spec.shape != ():
            raise NeurorlError(f"'{name}' rewards {env.reward_spec.shape[0]} agents at once; neurorl trains one")
        limit = getattr(env, "time_limit", None)
        super().__init__(env, name, space_of(env.observation_spec), space_of(env.action_spec), limit)
        self.ends_itself = "time_limit" if limit else None

    def first(self, key: Array) -> tuple[Any, Any]:
        """Begin an episode."""
        state, timestep = self.env.reset(key)
        return state, self._seen(timestep)

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Take an action; it draws on the state's own key."""
        state, timestep = self.env.step(state, action)
        over, goes_on = timestep.step_type == LAST, timestep.discount > 0.0
        observation = self._seen(timestep)
        return state, Answer(observation, timestep.reward, over & ~goes_on, over & goes_on, observation)

    def _seen(self, timestep: "TimeStep[Any]") -> Any:
        return _values(self.spaces(self.default_params)[0], timestep.observation)


def space_of(spec: Any) -> spaces.Space[Any]:
    """Return the Gymnasium space of a spec."""
    if isinstance(spec, specs.DiscreteArray):
        return spaces.Discrete(int(spec.num_values))
    if isinstance(spec, specs.MultiDiscreteArray):
        return spaces.MultiDiscrete(np.asarray(spec.num_values))
    if isinstance(spec, specs.BoundedArray):
        return box(spec.minimum, spec.maximum, spec.shape, spec.dtype)
    if isinstance(spec, specs.Array):
        return box(-np.inf, np.inf, spec.shape, spec.dtype)
    parts = {key: space_of(part) for key, part in vars(spec).items() if isinstance(part, specs.Spec)}
    return spaces.Dict(parts)


def _values(space: spaces.Space[Any], observation: Any) -> Any:
    """Return an observation as its space has it."""
    if isinstance(space, spaces.Dict):
        return {key: _values(part, getattr(observation, key)) for key, part in space.spaces.items()}
    return jnp.asarray(observation, jax.dtypes.canonicalize_dtype(packing.shape_and_dtype(space)[1]))
