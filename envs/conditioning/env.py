"""Classical conditioning: cues that predict a reward, whatever the animal does."""

from typing import Any

import jax
import jax.numpy as jnp
from gymnax.environments import environment, spaces
from jax import Array

from neurorl.envs.conditioning.types import Params, State
from neurorl.errors import NeurorlError

CUES = 2  # A and B


class Conditioning(environment.Environment[State, Params]):
    """Trials of two cues and a reward, with random intervals between them (Pavlov 1927; Kamin 1969 for two cues).

    A trial: an interval of ``interval_low`` to ``interval_high`` steps, the onset of the cues that it has, the reward ``delay``
    steps later, and the rest of the ``memory``.

    - observation: time since the onset of cue A and of cue B, float32 [2], environment steps, 0 to ``memory - 1``; -1 where the
      cue is absent or longer ago. The intervals before a cue look all alike, so nothing announces it.
    - action: Discrete(1): there is nothing to do.
    - reward: ``reward`` at ``delay``, with ``reward_probability``, together with the observation of that moment; else 0.
    - end: none but the time limit.
    """

    def __init__(self, memory: int = 25):
        """Make sessions in which a cue is remembered for ``memory`` environment steps."""
        super().__init__()
        if memory < 2:
            raise NeurorlError(f"'memory' is {memory}; it must be at least 2 environment steps")
        self.memory = memory

    @property
    def name(self) -> str:
        """The environment's id."""
        return "Conditioning-v0"

    @property
    def default_params(self) -> Params:
        """Cue A, then always the reward."""
        return Params()

    def step_env(
        self, key: Array, state: State, action: Any, params: Params
    ) -> tuple[Array, State, Array, Array, dict[str, Array]]:
        """Advance the clock; where the trial is over, draw the next one."""
        clock = state.clock + 1
        drawn = self._draw(key, params, state.trial + 1, state.time + 1)
        going = state.replace(clock=clock, time=state.time + 1)
        state = jax.tree.map(lambda new, old: jnp.where(clock >= self.memory, new, old), drawn, going)
        reward = jnp.where(state.rewarded & (state.clock == params.delay), params.reward, 0.0)
        return self.get_obs(state), state, reward, jnp.array(False), {"discount": jnp.float32(1.0)}

    def reset_env(self, key: Array, params: Params) -> tuple[Array, State]:
        """Begin a session with its first interval."""
        state = self._draw(key, params, jnp.int32(0), jnp.int32(0))
        return self.get_obs(state), state

    def get_obs(self, state: State, params: Params | None = None, key: Array | None = None) -> Array:
        """Return the time since the onset of each cue, [2]."""
        return jnp.where(state.present & (state.clock >= 0), state.clock, -1).astype(jnp.float32)

    def is_terminated(self, state: State, params: Params) -> Array:
        """A session has no end within the task."""
        return jnp.array(False)

    @property
    def num_actions(self) -> int:
        """Number of actions."""
        return 1

    def action_space(self, params: Params | None = None) -> spaces.Discrete:
        """One action: to wait."""
        return spaces.Discrete(1)

    def observation_space(self, params: Params) -> spaces.Box:
        """Time since each cue."""
        return spaces.Box(-1.0, self.memory - 1.0, (CUES,), dtype=jnp.float32)

    def _draw(self, key: Array, params: Params, trial: Array, time: Array) -> State:
        """Return a trial at the first step of its interval."""
        key_interval, key_cues, key_reward = jax.random.split(key, 3)
        return State(
            clock=-jax.random.randint(key_interval, (), params.interval_low, params.interval_high + 1),
            present=jax.random.uniform(key_cues, (CUES,)) < jnp.array([params.cue_a, params.cue_b]),
            rewarded=jax.random.uniform(key_reward) < params.reward_probability,
            trial=trial,
            time=time,
        )
