r"""A sub-environment: one JAX environment that does not reset by itself, with the chain of keys that feeds it.

    key, k <- split(key),   observation, state = reset_env(k)                  begin
    key, k <- split(key),   observation, state, ... = step_env(split(k)[0])    step

Every use of the chain splits it once, so that a sub-environment's whole future follows from its seed and its actions, whatever
the others do. A step draws on its key as gymnax's own ``step`` does: within an episode both visit the same states.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from gymnasium import spaces
from jax import Array


class SubEnvironment(NamedTuple):
    """An environment in the middle of an episode."""

    key: Array  # [2], uint32: raw, since JAX takes typed keys only through its slow call path
    state: Any  # the environment's own


class Outcome(NamedTuple):
    """What an environment answered to an action; nothing has been reset."""

    observation: Any
    reward: Array  # [], float32
    terminated: Array  # [], bool
    truncated: Array  # [], bool: the environment's own time limit
    info: dict[str, Any]


def chain(seed: Any) -> Array:
    """Return the beginning of a chain of keys, [2], for a seed [] of 32 bits."""
    return jax.random.key_data(jax.random.key(seed))


def begin(env: Any, params: Any, key: Array) -> tuple[SubEnvironment, Any]:
    """Return a sub-environment at the beginning of an episode, and its first observation.

    Args:
        env: An environment of gymnax's contract.
        params: Its parameters.
        key: [2], the chain of keys.
    """
    chain, use = _split(key)
    observation, state = env.reset_env(use, params)
    return SubEnvironment(chain, _strong(state)), _strong(observation)


def step(env: Any, params: Any, environment: SubEnvironment, action: Array) -> tuple[SubEnvironment, Outcome]:
    """Return the sub-environment after an action, and what the environment answered."""
    chain, use = _split(environment.key)
    key, _ = jax.random.split(use)  # gymnax keeps the other for its automatic reset
    observation, state, reward, terminated, info = env.step_env(key, environment.state, action, params)
    truncated = jnp.asarray(env.is_truncated(state, params))
    outcome = Outcome(_strong(observation), jnp.asarray(reward, jnp.float32), jnp.asarray(terminated), truncated, _strong(info))
    return SubEnvironment(chain, _strong(state)), outcome


def spaces_of(env: Any, params: Any) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """Return the Gymnasium spaces of observations and actions: the environment's own, or the twins of its gymnax spaces."""
    if hasattr(env, "gymnasium_spaces"):
        return env.gymnasium_spaces(params)
    return space_of(env.observation_space(params)), space_of(env.action_space(params))


def space_of(space: Any) -> spaces.Space[Any]:
    """Return the Gymnasium twin of a gymnax space."""
    from gymnax.environments.spaces import gymnax_space_to_gym_space

    return gymnax_space_to_gym_space(space)


def _split(key: Array) -> tuple[Array, Array]:
    chain, use = jax.random.split(jax.random.wrap_key_data(key))
    return jax.random.key_data(chain), use


def _strong(tree: Any) -> Any:
    """Return the arrays with types that do not give way, as they come out of a compiled step: nothing compiles twice."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(x)), tree)
