"""A vector environment of Gymnasium's kind, of any autoreset mode, as the host loop drives it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from neurorl import packing
from neurorl.envs.environments import pack
from neurorl.envs.intake import Intake
from neurorl.envs.world import Answer
from neurorl.errors import NeurorlError


class VectorEnvironments:
    """The sub-environments of one vector, as :class:`~neurorl.envs.environments.Environments`."""

    def __init__(self, env: VectorEnv[Any, Any, Any], space: spaces.Space[Any], action_space: spaces.Space[Any], name: str):
        """Wrap a vector.

        Args:
            env: The vector.
            space, action_space: Of one sub-environment.
            name: What to call it in messages.

        Raises:
            NeurorlError: An autoreset mode that Gymnasium does not know.
        """
        self.env, self.action_space, self.count = env, action_space, env.num_envs
        self.intake = Intake(space, f"environment '{name}' returned", self.count)
        # Gymnasium's vectors of one environment share its metadata, in which the mode is that of the youngest of them.
        self.mode = getattr(env.unwrapped, "autoreset_mode", env.metadata.get("autoreset_mode"))
        if self.mode not in tuple(AutoresetMode):
            raise NeurorlError(
                f"autoreset mode {self.mode} is not supported; use {', '.join(mode.name for mode in AutoresetMode)}"
            )
        self._over = np.zeros(self.count, bool)  # in mode NEXT_STEP: whose next step only begins an episode

    def begin(self, seeds: Sequence[int]) -> np.ndarray:
        """Begin an episode everywhere, and return rows that say no more."""
        has_a_generator_for_all = not isinstance(self.env.unwrapped, SyncVectorEnv | AsyncVectorEnv)
        chosen: Any = seeds[0] if has_a_generator_for_all else list(seeds)
        observation, _ = self.env.reset(seed=chosen)
        self._over[:] = False
        rows = self._taken_in(observation)
        return pack(Answer(rows, 0.0, False, True, rows), begins=1.0)

    def advance(self, actions: Any) -> np.ndarray:
        """Take the packed actions [count, ...], begin the next episode where one ended, and return the rows."""
        answer: Any = self.env.step(packing.unpack(self.action_space, np.asarray(actions), (self.count,)))
        observation, reward, terminated, truncated, info = answer
        begins = self._over
        over = (terminated | truncated) & ~begins
        observation = final = self._taken_in(observation)
        if self.mode == AutoresetMode.DISABLED and over.any():
            final = final.copy()
            observation = self._taken_in(self.env.reset(options={"reset_mask": over})[0])
        elif "final_obs" in info:  # SAME_STEP
            final = final.copy()
            for index in np.flatnonzero(info["_final_obs"]):
                final[index] = np.ravel(packing.pack(self.intake.space, packing.item(info["final_obs"], index)))
        self._over = over & (self.mode == AutoresetMode.NEXT_STEP)
        return pack(Answer(observation, reward, terminated & ~begins, truncated | begins, final), begins)

    def close(self) -> None:
        """Close the vector."""
        self.env.close()

    def _taken_in(self, observation: Any) -> np.ndarray:
        self.intake.rows[:] = np.reshape(packing.pack(self.intake.space, observation, (self.count,)), self.intake.rows.shape)
        self.intake.check()
        return self.intake.rows
