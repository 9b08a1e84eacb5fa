"""A ``gymnasium.Env`` around any JAX environment of gymnax's contract.

Gymnasium's own adapters for JAX environments reset from old states and reuse keys; this one is a few lines around two compiled
functions. What it returns is NumPy: a foreign library needs to know nothing of JAX.
"""

from typing import Any, Protocol

import gymnasium
import jax
import numpy as np
from gymnasium import spaces

from neurorl.backend import QUICK_TO_COMPILE
from neurorl.envs import sub_environment
from neurorl.errors import NeurorlError

_begin = jax.jit(sub_environment.begin, static_argnums=0, compiler_options=QUICK_TO_COMPILE)
_step = jax.jit(sub_environment.step, static_argnums=0, compiler_options=QUICK_TO_COMPILE)


class Viewer(Protocol):
    """Draws one environment; it is told everything that happens, so that it can show what led here."""

    def begin(self, state: Any) -> None:
        """Take in the beginning of an episode."""
        ...

    def see(self, state: Any, reward: float, info: dict[str, Any]) -> None:
        """Take in a step."""
        ...

    def frame(self) -> np.ndarray:
        """Return the picture, [height, width, 3] of uint8."""
        ...

    def show(self, fps: float) -> None:
        """Show the picture in a window, no faster than ``fps`` a second."""
        ...

    def close(self) -> None:
        """Close the window."""
        ...


class JaxEnv(gymnasium.Env[Any, Any]):
    """One environment.

    ``reset(seed=...)`` begins a chain of keys drawn from ``np_random``, and each reset and step takes the next key of it
    (``neurorl.envs.sub_environment``): the same seed and the same actions give the same episodes bit for bit.
    """

    metadata: dict[str, Any] = {"render_modes": [], "render_fps": 30}

    def __init__(self, env: Any, params: Any = None, render_mode: str | None = None):
        """Wrap an environment.

        Args:
            env: An environment of gymnax's contract; everything around the same object shares what is compiled.
            params: Its parameters; by default its own default.
            render_mode: One of the render modes in ``metadata``, or None.
        """
        self.env, self.params = env, as_arrays(env.default_params if params is None else params)
        self.observation_space, self.action_space = sub_environment.spaces_of(env, self.params)
        self.render_mode = checked_render_mode(render_mode, self.metadata)
        self._viewer = self.make_viewer() if render_mode else None
        self._source: np.random.Generator | None = None  # the generator that the chain of keys was drawn from
        self._environment: Any = None

    @property
    def state(self) -> Any:
        """State of the environment, a pytree of JAX arrays."""
        return self._environment.state

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; without a seed the chain of keys goes on.

        Args:
            seed: Begins a new chain.
            options: See :meth:`take_options`.
        """
        super().reset(seed=seed)
        self.params = self.take_options(options or {})
        if self.np_random is not self._source:  # a seed was given, or a generator, or there was none yet
            self._source = self.np_random
            key = sub_environment.chain(draw(self.np_random))
        else:
            key = self._environment.key
        self._environment, observation = _begin(self.env, self.params, key)
        if self._viewer:
            self._viewer.begin(self.state)
        if self.render_mode == "human":
            self.render()
        return to_numpy(observation), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take an action."""
        if self._environment is None:
            raise NeurorlError("'step' came before 'reset'; begin with observation, info = env.reset(seed=0)")
        self._environment, outcome = _step(self.env, self.params, self._environment, checked_action(self.action_space, action))
        observation, reward, terminated, truncated, info = to_numpy(outcome)
        info = plain(info)
        if self._viewer:
            self._viewer.see(self.state, float(reward), info)
        if self.render_mode == "human":
            self.render()
        return observation, float(reward), bool(terminated), bool(truncated), info

    def render(self) -> Any:
        """Return the picture in mode rgb_array, show it in mode human."""
        if self._viewer is None:
            gymnasium.logger.warn("render() without a render mode: make the environment with render_mode='rgb_array'")
            return None
        if self.render_mode == "rgb_array":
            return self._viewer.frame()
        return self._viewer.show(self.metadata["render_fps"])

    def close(self) -> None:
        """Close the window, where there is one."""
        if self._viewer:
            self._viewer.close()

    def make_viewer(self) -> Viewer:
        """Return what draws the environment; called only with a render mode."""
        raise NotImplementedError

    def take_options(self, options: dict[str, Any]) -> Any:
        """Return the parameters that hold from this reset on; the options of an environment of its own are its own."""
        return no_options(self.params, options)


def as_arrays(params: Any) -> Any:
    """Return parameters as arrays on the device: a number would be sent there again at every step."""
    return jax.tree.map(jax.numpy.asarray, params)


def draw(generator: np.random.Generator) -> np.uint32:
    """Return a seed of 32 bits, []."""
    return generator.integers(2**32, dtype=np.uint32)


def to_numpy(tree: Any) -> Any:
    """Return arrays that can be written to and that no later step changes."""
    return jax.tree.map(np.array, tree)


def plain(info: Any) -> Any:
    """Return arrays without dimensions as the scalars that Gymnasium's vector environments know how to stack."""

    def scalar(x: np.ndarray) -> Any:
        if x.ndim:
            return x
        return bool(x) if x.dtype == bool else x[()]

    return jax.tree.map(scalar, info)


def checked_action(space: spaces.Space[Any], action: Any) -> np.ndarray:
    """Return an action, or a batch of them, in a type that does not change between calls.

    Raises:
        NeurorlError: A discrete action that is not there; JAX would take the nearest one.
    """
    array = np.asarray(action)
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        if array.dtype.kind not in "iu" or array.shape != space.shape or not space.contains(array.astype(space.dtype)):
            raise NeurorlError(f"'action' is {action!r}; it must be in {space}")
    elif array.shape != space.shape:
        raise NeurorlError(f"'action' has shape {array.shape}; it must have the shape {space.shape} of {space}")
    return array.astype(jax.dtypes.canonicalize_dtype(space.dtype))


def checked_render_mode(mode: str | None, metadata: dict[str, Any]) -> str | None:
    """Return a render mode that is there, or raise a NeurorlError."""
    if mode is not None and mode not in metadata["render_modes"]:
        known = ", ".join(metadata["render_modes"]) or "none for this environment"
        raise NeurorlError(f"'render_mode' is {mode!r}; there is {known}")
    return mode


def no_options(params: Any, options: dict[str, Any]) -> Any:
    """Return the parameters unchanged, or raise a NeurorlError if there are options."""
    if options:
        raise NeurorlError(f"'options' has {', '.join(map(repr, options))}; this environment takes none")
    return params
