"""The host loop: the same agents in any Gymnasium environment, one agent for each sub-environment of a vector.

The agents' step is one jitted call an environment step. Gymnasium environments cannot be saved, so at every checkpoint
their episodes are cut (a truncation, which teaches nothing) and begin again from a seed made of the learner's seed and the
step: a resumed run then sees the very same episodes.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import VectorEnv
from jax import Array

from neurorl.agents.contract import Agent
from neurorl.envs import environments
from neurorl.envs.environments import BEGINS, HEAD, REWARD, Environments, ended
from neurorl.envs.running_statistics import from_bits, to_bits
from neurorl.envs.task import HostTask
from neurorl.envs.vector_environments import VectorEnvironments
from neurorl.errors import NeurorlError
from neurorl.loops import episodes
from neurorl.loops.greedy import Stage
from neurorl.loops.learners import Learners, learner_keys, strongly_typed, update_keys
from neurorl.state_packer import StatePacker

_COUNT_EVERY = 256  # vector steps whose heads wait to be counted


class HostLoop:
    """Train and evaluate agents in a vector of Gymnasium environments."""

    cuts_episodes = True

    def __init__(
        self,
        task: HostTask,
        agent: Agent,
        seed: int,
        seeds: int,
        eval_seed: int,
        eval_episodes: int,
        vector_env: VectorEnv | None = None,
    ):
        """Prepare the loop.

        Args:
            task, agent, seed, seeds, eval_seed, eval_episodes: As in the run's configuration.
            vector_env: A vector environment of ``seeds`` sub-environments to use instead of one made from the task, of any
                autoreset mode.
        """
        self.task, self.agent, self.seed, self.seeds = task, agent, seed, seeds
        self.keys = learner_keys(seed, seeds)
        self._given_env = vector_env
        self.not_finite: dict[int, str] = {}
        self._stage = Stage(task, seeds, [eval_seed + i for i in range(eval_episodes)])
        self._rows: np.ndarray | None = None  # what the agents will see next; None where episodes have yet to begin
        self._init = jax.jit(jax.vmap(lambda agent, key: strongly_typed(agent.init(jax.random.split(key)[0])), in_axes=(None, 0)))
        self._packer = StatePacker(jax.eval_shape(self._init, agent, self.keys))
        self._pack_states, self._unpack_states = jax.jit(self._packer.pack), jax.jit(self._packer.unpack)
        self._step = jax.jit(self._step_all, donate_argnums=(0, 1))
        self._update = jax.jit(self._update_all, donate_argnums=0)

    @functools.cached_property
    def env(self) -> Environments | VectorEnvironments:
        """The environments."""
        given, task = self._given_env, self.task
        if given is None:
            return task.environments(self.seeds)
        if given.num_envs != self.seeds:
            raise NeurorlError(f"the vector environment has {given.num_envs} sub-environments for {self.seeds} seeds")
        return VectorEnvironments(given, task.observation_space, task.action_space, task.env_id)

    def init(self) -> Learners:
        """Return learners that have not begun."""
        progress = jax.vmap(lambda _: episodes.init())(jnp.arange(self.seeds))
        self._rows = None
        carried = np.tile(to_bits(np.array(self.task.statistics)), (self.seeds, 1))
        return Learners(self._init(self.agent, self.keys), progress, jnp.int32(0), jnp.asarray(carried) if carried.size else ())

    def warm_up(self, learners: Learners) -> Learners:
        """Compile; nothing is learned."""
        rows = self._begin(learners)
        states, step, _ = self._step(self._pack_states(jax.tree.map(jnp.copy, learners.agent)), jnp.copy(learners.step), rows)
        _count(learners.episodes, *self._uncounted(), np.int32(0))
        if self.agent.update_every is not None:
            states = self._update(states, step)
        self._unpack_states(states)
        return learners

    def advance(self, learners: Learners, steps: int) -> Learners:
        """Train every learner for ``steps`` environment steps."""
        rows = self._begin(learners) if self._rows is None else self._rows
        done, every = int(learners.step), self.agent.update_every
        states, progress, count = self._pack_states(learners.agent), learners.episodes, learners.step
        for first in range(done, done + steps, _COUNT_EVERY):
            heads, finite = self._uncounted()
            for i, step in enumerate(range(first, min(first + _COUNT_EVERY, done + steps))):
                states, count, actions = self._step(states, count, rows)
                if every is not None and (step + 1) % every == 0:
                    states = self._update(states, count)
                rows = self.env.advance(actions)
                heads[i] = rows[:, :HEAD]
                if not np.isfinite(rows).all(1, out=finite[i]).all():
                    self._see_not_finite(rows)
            progress = _count(progress, heads, finite, np.int32(first))
        self._rows = rows
        return Learners(self._unpack_states(states), progress, count, self._carried(learners.world))

    def evaluate(self, learners: Learners) -> np.ndarray:
        """Return the returns of greedy episodes with frozen weights, [learners, episodes]."""
        return self._stage.play(self.agent, learners.agent, learners.world)

    def change(self, task: HostTask) -> None:
        """Change nothing: a host task has no parameters that change in mid-run."""

    def checkpointed(self, learners: Learners) -> Learners:
        """Cut the episodes, so that going on and resuming are the same thing."""
        self._rows = None
        return learners._replace(episodes=jax.vmap(episodes.restart)(learners.episodes))

    def close(self) -> None:
        """Close all environments."""
        self._stage.close()
        if "env" in self.__dict__:
            self.env.close()

    def _begin(self, learners: Learners) -> np.ndarray:
        """Begin episodes everywhere, with what was carried over; return rows that only begin them."""
        step = int(learners.step)
        if isinstance(self.env, Environments) and np.size(learners.world):
            for statistics, values in zip(self.env.statistics, from_bits(learners.world), strict=True):
                statistics.write(values)
        return self.env.begin(
            [int(np.random.SeedSequence([self.seed + i, step]).generate_state(1)[0] >> 1) for i in range(self.seeds)]
        )

    def _carried(self, before: Any) -> Any:
        """Return what the wrappers' statistics are now, [learners, k], where there are some."""
        if not (isinstance(self.env, Environments) and np.size(before)):
            return before
        return jnp.asarray(to_bits(np.stack([statistics.read() for statistics in self.env.statistics])))

    def _step_all(self, states: Any, step: Array, rows: Array) -> tuple[Any, Array, Array]:
        # The hyperparameters and the keys are compiled in. As arguments, each number of the agent would be sent to the device at
        # every step, and JAX takes typed keys only through its slow call path.
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(self.keys, step)
        timesteps = jax.vmap(functools.partial(environments.timestep, self.task.observation_space))(rows)
        agents, actions = jax.vmap(self.agent.learn)(self._packer.unpack(states), timesteps, keys)
        return self._packer.pack(agents), step + 1, actions

    def _update_all(self, states: Any, step: Array) -> Any:
        agents = jax.vmap(self.agent.update)(self._packer.unpack(states), update_keys(self.keys, step))
        return self._packer.pack(agents)

    def _see_not_finite(self, rows: np.ndarray) -> None:
        """Remember of every learner the first number that is none."""
        for learner, column in np.argwhere(~np.isfinite(rows)).tolist():
            value, size = rows[learner, column], (rows.shape[1] - HEAD) // 2
            if column == REWARD:
                said, wrapper = f"{value:g} as reward", "TransformReward"
            else:
                said, wrapper = self.env.intake.name((column - HEAD) % size, value), "TransformObservation"
            self.not_finite.setdefault(learner, f"{said}; give a finite number, for example with gymnasium.wrappers.{wrapper}")

    def _uncounted(self) -> tuple[np.ndarray, np.ndarray]:
        """Return room for the heads of rows to come [steps, seeds, HEAD], and whether each is of numbers [steps, seeds].

        As they are they only begin episodes, which counts as nothing.
        """
        heads = np.zeros((_COUNT_EVERY, self.seeds, HEAD), np.float32)
        heads[:, :, BEGINS] = 1.0
        return heads, np.ones(heads.shape[:2], bool)


@jax.jit
def _count(progress: episodes.Episodes, heads: Array, finite: Array, done: Array) -> episodes.Episodes:
    """Take the rows of many vector steps into the bookkeeping: one call for all, because a call costs more than a count.

    Args:
        progress: The bookkeeping of the learners.
        heads: [steps, learners, HEAD], the rows without their observations.
        finite: [steps, learners], whether each row is of numbers.
        done: [], environment steps done before.
    """

    def one(progress: episodes.Episodes, head: Array, finite: Array, step: Array) -> episodes.Episodes:
        updated = episodes.update(progress, head[REWARD], ended(head), finite, step)
        return jax.tree.map(lambda old, new: jnp.where(head[BEGINS] > 0.0, old, new), progress, updated)

    def all_of(progress: episodes.Episodes, row: tuple[Array, Array, Array]) -> tuple[episodes.Episodes, None]:
        return jax.vmap(one, in_axes=(0, 0, 0, None))(progress, *row), None

    return jax.lax.scan(all_of, progress, (heads, finite, done + 1 + jnp.arange(len(heads))))[0]
