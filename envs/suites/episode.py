"""What the suites have in common: steps are counted, an episode may be cut, and the next one begins by itself."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl.envs.world import Answer, restarted
from neurorl.errors import NeurorlError


@struct.dataclass
class Limit:
    """Parameters of a suite's environment; what the suite fixed when it made the environment is not among them."""

    max_steps_in_episode: Any = 1000  # environment steps after which an episode is truncated


class Episode(NamedTuple):
    """An episode on its way."""

    steps: Array  # [], int32: done
    state: Any  # the suite's own


class SuiteWorld:
    """A World of a suite whose steps do not reset. An adapter says how an episode begins, and what comes of an action."""

    ends_itself: str | None = None  # the argument by which the suite ends episodes at its limit, so that no other raises it

    def __init__(self, env: Any, name: str, observation_space: Any, action_space: spaces.Space[Any], steps: int | None = None):
        """Wrap an environment.

        Args:
            env: As the suite made it.
            name: What to call it.
            observation_space, action_space: Gymnasium's.
            steps: The suite's time limit, environment steps; None: there is none, and it is 1,000.
        """
        self.env, self.name = env, name
        self._spaces, self._steps = (observation_space, action_space), Limit.max_steps_in_episode if steps is None else steps

    def first(self, key: Array) -> tuple[Any, Any]:
        """Return the suite's state and the first observation of an episode; ``key`` is raw, [2] of uint32."""
        raise NotImplementedError

    def after(self, key: Array, state: Any, action: Any) -> tuple[Any, Answer]:
        """Return the suite's state after an action, nothing reset, and the answer to it."""
        raise NotImplementedError

    @property
    def default_params(self) -> Limit:
        """The suite's own limit."""
        return Limit(self._steps)

    def spaces(self, params: Limit) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        """Return the spaces of observations and actions."""
        return self._spaces

    def limit(self, params: Limit) -> int:
        """Return the steps after which an episode is truncated."""
        return int(params.max_steps_in_episode)

    def limited(self, params: Limit, steps: int) -> Limit:
        """Return the parameters with another limit."""
        if self.ends_itself and steps > self._steps:
            raise NeurorlError(
                f"the time limit is {steps}, and environment '{self.name}' ends its episodes after {self._steps} steps "
                f"by itself; raise that with env.{self.ends_itself}"
            )
        return params.replace(max_steps_in_episode=steps)  # type: ignore[attr-defined]

    def reset(self, key: Array, params: Limit) -> tuple[Episode, Any]:
        """Return the state and the first observation of an episode."""
        state, observation = self.first(_raw(key))
        return _strong((Episode(jnp.int32(0), state), observation))

    def step(self, key: Array, state: Episode, action: Any, params: Limit) -> tuple[Episode, Answer]:
        """Return the state and the answer, and begin the next episode where this one ended."""
        key, again = jax.random.split(key)
        inner, answer = self.after(_raw(key), state.state, action)
        steps = state.steps + 1
        answer = answer._replace(
            terminated=jnp.asarray(answer.terminated, bool),
            truncated=jnp.asarray(answer.truncated, bool) | (steps >= params.max_steps_in_episode),
        )
        return restarted(self, again, params, Episode(steps, inner), answer)


def box(low: Any, high: Any, shape: tuple[int, ...], dtype: Any = np.float32) -> spaces.Box:
    """Return a Box with these ends, numbers or arrays; a bool becomes a float32 from 0 to 1."""
    kind = np.dtype(dtype)
    kind = np.dtype(np.float32) if kind.kind == "b" else kind
    if kind.kind in "iu":
        most = np.iinfo(kind)
        low, high = np.maximum(low, most.min), np.minimum(high, most.max)
    ends = [np.broadcast_to(np.asarray(end), shape).astype(kind) for end in (low, high)]
    return spaces.Box(ends[0], ends[1], shape, kind.type)


def _raw(key: Array) -> Array:
    """Return a key as two numbers, which every suite takes and every checkpoint holds."""
    return jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key


def _strong(tree: Any) -> Any:
    """Return arrays with types that do not give way, as they come out of a compiled step."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(x)), tree)
