"""The one way in for environments: whatever one answers becomes a :class:`~neurorl.timestep.Timestep` here.

    suite                      adapter                     becomes
    gymnax, this package       gymnax_world.Gymnax         a World: pure functions, compiled with the agent
    other suites in JAX        neurorl.envs.suites         the same
    any other suite in JAX     a class with World's verbs  the same
    Gymnasium, and what        environments.Environments   rows of numbers from the host, each an Answer
    pretends to be one

An adapter knows the calls of its suite and says what came of an action, no more. Packing, the shape of a reward, what counts as
truncation, and what an episode's first timestep holds are decided here.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from gymnasium import spaces
from jax import Array

from neurorl import packing, rarely
from neurorl.errors import NeurorlError
from neurorl.timestep import Timestep, restart


class Answer(NamedTuple):
    """What an environment said to an action."""

    observation: Any  # to act on next: after an episode's end, the first one of the next episode
    reward: Any  # one number
    terminated: Any  # [], bool: the task ended the episode
    truncated: Any  # [], bool: something outside the task did; where both are set, the task did
    final_observation: Any  # what the action led to
    events: Any = ()  # RewardEvents, where the environment says


@runtime_checkable
class World(Protocol):
    """A JAX environment: pure, jittable functions of one unbatched state. ``step`` begins the next episode by itself."""

    @property
    def name(self) -> str:
        """Name in tables and figures."""
        ...

    @property
    def default_params(self) -> Any:
        """Parameters, a pytree: arguments of the compiled loop."""
        ...

    def spaces(self, params: Any) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        """Return the Gymnasium spaces of observations and actions."""
        ...

    def limit(self, params: Any) -> int:
        """Return the environment steps after which an episode is truncated."""
        ...

    def limited(self, params: Any, steps: int) -> Any:
        """Return the parameters with another limit."""
        ...

    def reset(self, key: Array, params: Any) -> tuple[Any, Any]:
        """Return the state and the first observation of an episode."""
        ...

    def step(self, key: Array, state: Any, action: Any, params: Any) -> tuple[Any, Answer]:
        """Return the state after an action, and the answer to it."""
        ...


class Border(NamedTuple):
    """A world with its spaces, as a loop drives it: arrays in, timesteps out."""

    world: World
    name: str  # in messages
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]

    def begin(self, key: Array, params: Any) -> tuple[Any, Timestep]:
        """Return the state and the timestep of an episode that begins."""
        state, observation = self.world.reset(key, params)
        observation = self._packed(observation, "reset")
        shape, dtype = packing.shape_and_dtype(self.action_space)
        action = jnp.zeros(shape, jax.dtypes.canonicalize_dtype(dtype))
        # Events have the shapes of any step's. The state is an argument, for some worlds write into the one that they are given.
        like = jax.eval_shape(lambda state: self.step(key, state, action, params)[1].events, state)
        nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), like)
        return state, restart(observation, nothing)

    def step(self, key: Array, state: Any, action: Array, params: Any) -> tuple[Any, Timestep]:
        """Return the state and the timestep after a packed action."""
        state, answer = self.world.step(key, state, packing.unpack(self.action_space, action), params)
        if jnp.size(answer.reward) != 1:
            raise NeurorlError(
                f"environment '{self.name}' returned a reward of shape {jnp.shape(answer.reward)} from step(), not one number"
            )
        observation, final = (self._packed(o, "step") for o in (answer.observation, answer.final_observation))
        return state, timestep(answer._replace(observation=observation, final_observation=final))

    def _packed(self, observation: Any, verb: str) -> Array:
        try:
            packed = packing.pack(self.observation_space, observation)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise NeurorlError(
                f"environment '{self.name}' returned an observation from {verb}() that is no {self.observation_space}: {error}"
            ) from error
        expected, _ = packing.shape_and_dtype(self.observation_space)
        if jnp.shape(packed) != expected:
            raise NeurorlError(
                f"environment '{self.name}' returned an observation of shape {jnp.shape(packed)} from {verb}(); "
                f"its space, {self.observation_space}, asks for {expected}"
            )
        return packed


class JaxSubEnvironment:
    """One environment of a world, step by step on the host."""

    def __init__(self, border: Border, params: Any, key: Array):
        """Prepare it; ``key`` decides its episode."""
        self._begin, self._step, self._params, self._key = jax.jit(border.begin), jax.jit(border.step), params, key

    def begin(self) -> Timestep:
        """Begin an episode."""
        self._state, timestep = self._begin(self._key, self._params)
        return timestep

    def step(self, action: Any) -> Timestep:
        """Take a packed action."""
        self._key, key = jax.random.split(self._key)
        self._state, timestep = self._step(key, self._state, action, self._params)
        return timestep

    def close(self) -> None:
        """Close nothing."""


def timestep(answer: Answer) -> Timestep:
    """Return the timestep of an answer whose observations are packed."""
    reward = jnp.asarray(answer.reward, jnp.float32).reshape(())
    truncated = answer.truncated & ~answer.terminated
    return Timestep(answer.observation, reward, answer.terminated, truncated, answer.final_observation, answer.events)


def restarted(world: World, key: Array, params: Any, state: Any, answer: Answer) -> tuple[Any, Answer]:
    """Return a state and an answer with the next episode begun where this one ended, for suites whose step does not.

    A reset may cost as much as many steps, so that it is computed at those steps only at which some learner needs one.

    Args:
        world: Whose ``reset`` begins it.
        key: Of the reset.
        params: Of the world.
        state, answer: After the action, nothing reset; ``answer.observation`` is what the action led to.
    """
    now = state, answer.observation
    like = jax.eval_shape(world.reset, key, params)
    now = jax.tree.map(lambda x, new: jnp.asarray(x, new.dtype), now, like)
    state, observation = rarely.instead(answer.terminated | answer.truncated, world.reset, now, key, params)
    return state, answer._replace(observation=observation, final_observation=now[1])
