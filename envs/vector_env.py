"""A native ``gymnasium.vector.VectorEnv`` around any JAX environment of gymnax's contract: one compiled call a step.

Each sub-environment behaves as that of Gymnasium's ``SyncVectorEnv`` over :class:`~neurorl.envs.gymnasium_env.JaxEnv`, in each
autoreset mode: the same seeds give the same episodes, with the rounding of another batch size. One that resets takes the next
key of its own chain, and no other sees it.

The info of a step is that of ``SyncVectorEnv`` too, but for named tuples: here each is one named tuple of arrays
[environments], there an array of named tuples.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from jax import Array

from neurorl.backend import QUICK_TO_COMPILE
from neurorl.envs import sub_environment
from neurorl.envs.gymnasium_env import (
    Viewer,
    as_arrays,
    checked_action,
    checked_render_mode,
    draw,
    no_options,
    plain,
    to_numpy,
)
from neurorl.envs.sub_environment import Outcome, SubEnvironment
from neurorl.errors import NeurorlError


class Batch(NamedTuple):
    """All sub-environments; a leading axis of them on every field."""

    environments: SubEnvironment
    observation: Any  # the last one
    elapsed: Array  # [], steps of the episode
    ended: Array  # [], bool: the last step ended the episode, and the sub-environment has not been reset


class JaxVectorEnv(VectorEnv[Any, Any, np.ndarray]):
    """Many environments in one program.

    ``reset`` takes a seed for all (sub-environment i has ``seed + i``), one for each, or none, with which each chain of keys goes
    on. In mode DISABLED ``reset(options={"reset_mask": ...})`` resets the sub-environments of the mask and no others.
    """

    metadata: dict[str, Any] = {"render_modes": [], "render_fps": 30}

    def __init__(
        self,
        env: Any,
        params: Any = None,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
    ):
        """Wrap an environment.

        Args:
            env, params, render_mode: As in :class:`~neurorl.envs.gymnasium_env.JaxEnv`.
            num_envs: Number of sub-environments.
            autoreset_mode: What happens to a sub-environment whose episode ended: NEXT_STEP, SAME_STEP or DISABLED.
            max_episode_steps: Steps after which an episode is truncated, beside the environment's own limit.
        """
        if num_envs < 1:
            raise NeurorlError(f"'num_envs' is {num_envs}; it must be at least 1")
        self.env, self.params = env, as_arrays(env.default_params if params is None else params)
        self.num_envs, self.autoreset_mode = num_envs, AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space, self.single_action_space = sub_environment.spaces_of(env, self.params)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.render_mode = checked_render_mode(render_mode, self.metadata)
        self._viewers = [self.make_viewer() for _ in range(num_envs)] if render_mode else []
        self._limit = jnp.int32(np.iinfo(np.int32).max if max_episode_steps is None else max_episode_steps)
        self._batch: Batch | None = None
        self._ended = np.zeros(num_envs, bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes, in all sub-environments or in those of ``options["reset_mask"]``, [environments] of bool."""
        options = dict(options or {})
        mask = self._mask(options.pop("reset_mask", None))
        self.params = self.take_options(options)
        seeds = self._seeds(seed)
        super().reset(seed=seed if isinstance(seed, int) else None)
        new = mask & np.array([s is not None or self._batch is None for s in seeds])
        drawn = np.array([draw(seeding.np_random(s)[0]) if n else 0 for s, n in zip(seeds, new, strict=True)], np.uint32)
        if self._batch is None:
            self._batch = _first(self.env, self.params, drawn)
        else:
            self._batch = _reset(self.env, self.params, self._batch, mask, new, drawn)
        self._ended = self._ended & ~mask
        self._show_beginnings(mask)
        return to_numpy(self._batch.observation), {}

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Take an action in every sub-environment."""
        if self._batch is None:
            raise NeurorlError("'step' came before 'reset'; begin with observations, infos = envs.reset(seed=0)")
        mode, ended = self.autoreset_mode, self._ended
        if mode == AutoresetMode.DISABLED and ended.any():
            raise NeurorlError(
                f"sub-environments {np.flatnonzero(ended).tolist()} have ended and do not reset by themselves in this mode; "
                "call reset(options={'reset_mask': terminated | truncated})"
            )
        actions = checked_action(self.action_space, actions)
        self._batch, answer = _step(self.env, mode, self.params, self._limit, self._batch, actions)
        outcome, observation = to_numpy(answer)
        self._ended = outcome.terminated | outcome.truncated
        resets = {AutoresetMode.NEXT_STEP: ended, AutoresetMode.SAME_STEP: self._ended}.get(mode, np.zeros_like(ended))
        self._show_steps(outcome, resets)
        infos: dict[str, Any] = {}
        if mode == AutoresetMode.SAME_STEP and resets.any():
            infos = self._final(outcome, resets)
        if not resets.all():
            infos |= stacked(outcome.info, ~resets)
        return observation, outcome.reward.astype(np.float64), outcome.terminated, outcome.truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """Return a picture of each sub-environment in mode rgb_array; show the first sub-environment in mode human."""
        if self.render_mode == "rgb_array":
            return tuple(viewer.frame() for viewer in self._viewers)
        if self.render_mode == "human":
            self._viewers[0].show(self.metadata["render_fps"])
        return None

    def close_extras(self, **kwargs: Any) -> None:
        """Close the windows."""
        for viewer in self._viewers:
            viewer.close()

    def make_viewer(self) -> Viewer:
        """Return what draws a sub-environment; called only with a render mode."""
        raise NotImplementedError

    def take_options(self, options: dict[str, Any]) -> Any:
        """Return the parameters that hold from this reset on, without ``reset_mask`` among the options."""
        return no_options(self.params, options)

    def _mask(self, mask: Any) -> np.ndarray:
        if mask is None:
            return np.ones(self.num_envs, bool)
        array = np.asarray(mask)
        if array.shape != (self.num_envs,) or array.dtype != bool or not array.any():
            raise NeurorlError(f"'reset_mask' is {mask!r}; it must be an array of {self.num_envs} bool with a True in it")
        if self._batch is None and not array.all():
            raise NeurorlError(
                "'reset_mask' leaves sub-environments out of the first reset; call reset(seed=...) without it first"
            )
        return array

    def _seeds(self, seed: int | list[int | None] | None) -> list[int | None]:
        if seed is None or isinstance(seed, int | np.integer):
            return [None if seed is None else int(seed) + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise NeurorlError(
                f"'seed' has {len(seed)} entries for {self.num_envs} sub-environments; give one for each, or one for all"
            )
        return list(seed)

    def _final(self, outcome: Outcome, ended: np.ndarray) -> dict[str, Any]:
        """Return what the sub-environments that were reset in the same step ended with."""
        observations = np.full(self.num_envs, None, object)
        for index in np.flatnonzero(ended):
            observations[index] = jax.tree.map(lambda x, index=index: x[index].copy(), outcome.observation)
        infos = {"final_obs": observations, "_final_obs": ended.copy(), "final_info": stacked(outcome.info, ended)}
        return infos | {"_final_info": ended.copy()}

    def _show_beginnings(self, mask: np.ndarray) -> None:
        for index, viewer in enumerate(self._viewers):
            if mask[index]:
                viewer.begin(self._state(index))
        if self.render_mode == "human":
            self.render()

    def _show_steps(self, outcome: Outcome, resets: np.ndarray) -> None:
        for index, viewer in enumerate(self._viewers):
            if not resets[index]:
                info = plain(jax.tree.map(lambda x, index=index: x[index], outcome.info))
                viewer.see(self._state(index), float(outcome.reward[index]), info)
        self._show_beginnings(resets)

    def _state(self, index: int) -> Any:
        assert self._batch is not None, "there is nothing to draw before the first reset"
        return jax.tree.map(lambda x: x[index], self._batch.environments.state)


@functools.partial(jax.jit, static_argnums=0, compiler_options=QUICK_TO_COMPILE)
def _first(env: Any, params: Any, seeds: Array) -> Batch:
    """Return all sub-environments at a beginning, from seeds [environments]."""
    environments, observation = _begin(env, params, jax.vmap(sub_environment.chain)(seeds))
    return Batch(environments, observation, jnp.zeros_like(seeds, jnp.int32), jnp.zeros_like(seeds, bool))


@functools.partial(jax.jit, static_argnums=0, compiler_options=QUICK_TO_COMPILE)
def _reset(env: Any, params: Any, batch: Batch, mask: Array, new: Array, seeds: Array) -> Batch:
    """Return the batch with those of ``mask`` [environments] at a beginning, and those of ``new`` with a chain of their own."""
    keys = _choose(new, jax.vmap(sub_environment.chain)(seeds), batch.environments.key)
    environments, observation = _choose(mask, _begin(env, params, keys), (batch.environments, batch.observation))
    return Batch(environments, observation, jnp.where(mask, 0, batch.elapsed), batch.ended & ~mask)


@functools.partial(jax.jit, static_argnums=(0, 1), compiler_options=QUICK_TO_COMPILE)
def _step(
    env: Any, mode: AutoresetMode, params: Any, limit: Array, batch: Batch, actions: Array
) -> tuple[Batch, tuple[Outcome, Any]]:
    """Return the batch after a step, what came of the actions, and the observations to act on next."""
    environments, outcome = jax.vmap(functools.partial(sub_environment.step, env), in_axes=(None, 0, 0))(
        params, batch.environments, actions
    )
    elapsed = batch.elapsed + 1
    outcome = outcome._replace(truncated=outcome.truncated | (elapsed >= limit))
    if mode == AutoresetMode.NEXT_STEP:  # the action of a sub-environment that resets is not used
        outcome = outcome._replace(
            reward=jnp.where(batch.ended, 0.0, outcome.reward),
            terminated=outcome.terminated & ~batch.ended,
            truncated=outcome.truncated & ~batch.ended,
        )
    ended = outcome.terminated | outcome.truncated
    nobody = jnp.zeros_like(ended)
    resets, chains = {
        AutoresetMode.NEXT_STEP: (batch.ended, batch.environments.key),
        AutoresetMode.SAME_STEP: (ended, environments.key),
        AutoresetMode.DISABLED: (nobody, environments.key),
    }[mode]
    going = (environments, outcome.observation)
    # Most steps reset nobody: then beginnings are not computed.
    environments, observation = jax.lax.cond(
        resets.any(), lambda: _choose(resets, _begin(env, params, chains), going), lambda: going
    )
    return Batch(environments, observation, jnp.where(resets, 0, elapsed), ended), (outcome, observation)


def _begin(env: Any, params: Any, keys: Array) -> tuple[SubEnvironment, Any]:
    return jax.vmap(functools.partial(sub_environment.begin, env), in_axes=(None, 0))(params, keys)


def _choose(mask: Array, yes: Any, no: Any) -> Any:
    """Return ``yes`` in the sub-environments of ``mask`` [environments] and ``no`` in the others."""

    def choose(a: Array, b: Array) -> Array:
        return jnp.where(mask.reshape(mask.shape + (1,) * (a.ndim - 1)), a, b)

    return jax.tree.map(choose, yes, no)


def stacked(info: dict[str, Any], mask: np.ndarray) -> dict[str, Any]:
    """Return an info of arrays [environments] as Gymnasium stacks it: zero where one has none, and beside each key who has it."""

    everyone = mask.all()

    def present(x: np.ndarray) -> np.ndarray:
        return x if everyone else np.where(mask.reshape(mask.shape + (1,) * (x.ndim - 1)), x, np.zeros((), x.dtype))

    infos: dict[str, Any] = {}
    for key, value in info.items():
        infos[key] = stacked(value, mask) if isinstance(value, dict) else jax.tree.map(present, value)
        infos[f"_{key}"] = mask.copy()
    return infos
