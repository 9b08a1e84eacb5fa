"""Greedy episodes with frozen weights in environments of the host, never more of them open at a time than a bound.

Each learner has some environments, which play its episodes one after the other until all are played.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from neurorl.agents.contract import Agent
from neurorl.envs.environments import Environments
from neurorl.envs.running_statistics import from_bits
from neurorl.envs.task import HostTask
from neurorl.loops.keys import key_of

OPEN = 32  # most environments that are open for this, but for one a learner


class Stage:
    """Where learners are evaluated; the environments stay open for the next evaluation until they are closed."""

    def __init__(self, task: HostTask, learners: int, seeds: list[int]):
        """Prepare it.

        Args:
            task: A host task.
            learners: Their number.
            seeds: The seed of each episode, the same for all learners.
        """
        self.task, self.learners, self.seeds = task, learners, seeds
        self.width = min(len(seeds), max(1, OPEN // learners))  # environments a learner
        self._environments: Environments | None = None

    def play(self, agent: Agent, states: Any, carried: Any = ()) -> np.ndarray:
        """Return the returns of greedy episodes, [learners, episodes].

        Args:
            agent: The agent.
            states: Its states, with a leading axis of learners.
            carried: [learners, k], what the wrappers' running statistics were in training, () without. They do not change here.
        """
        if self._environments is None:
            self._environments = self.task.environments(self.learners * self.width)
            for statistics in self._environments.statistics:
                statistics.freeze()
        environments, shape = self._environments, (self.learners, self.width)
        playing = np.arange(environments.count)
        learner, episode = playing // self.width, playing % self.width  # what each environment plays
        left = np.full(self.learners, self.width)  # each learner's first episode that nobody plays yet
        keys = jax.vmap(key_of)(jnp.asarray(self.seeds))
        initial = jax.vmap(agent.initial_activity, axis_size=self.learners)(states)
        activity = jax.tree.map(lambda x: jnp.broadcast_to(x[:, None], (*shape, *x.shape[1:])), initial)
        total, steps = np.zeros((self.learners, len(self.seeds))), np.zeros(len(playing), np.int32)

        def begin(chosen: np.ndarray) -> None:
            for index in chosen if np.size(carried) else ():
                environments.statistics[index].write(from_bits(carried[learner[index]]))
            environments.reset(chosen, [self.seeds[e] for e in episode[chosen]])
            steps[chosen] = 0

        begin(playing)
        while playing.size:
            seen = environments.intake.packed()
            seen = seen.reshape(*shape, *seen.shape[1:])
            now = (episode.reshape(shape), steps.reshape(shape))
            activity, actions = _act(agent, states, initial, activity, seen, keys, *now)
            flat = np.asarray(actions).reshape(environments.count, *np.shape(actions)[2:])
            environments.step(flat[playing], playing.tolist())
            total[learner[playing], episode[playing]] += environments.reward[playing]
            steps += 1
            over = playing[environments.terminated[playing] | environments.truncated[playing]]
            for index in over:
                episode[index], left[learner[index]] = left[learner[index]], left[learner[index]] + 1
            done = over[episode[over] >= len(self.seeds)]
            if over.size > done.size:
                begin(np.setdiff1d(over, done))
            episode[done], playing = 0, np.setdiff1d(playing, done)
        return total

    def close(self) -> None:
        """Close the environments."""
        if self._environments is not None:
            self._environments.close()
            self._environments = None


@jax.jit
def _act(
    agent: Agent, states: Any, initial: Any, activity: Any, observation: Array, keys: Array, episode: Array, step: Array
) -> tuple[Any, Array]:
    """Act with every learner [learners] in each of its environments [learners, width], at rest in an episode's first step."""

    def one(state: Any, initial: Any, activity: Any, observation: Array, episode: Array, step: Array) -> tuple[Any, Array]:
        activity = jax.tree.map(lambda before, now: jnp.where(step == 0, before, now), initial, activity)
        return agent.act(state, activity, observation, jax.random.fold_in(keys[episode], step))

    of_a_learner = jax.vmap(one, in_axes=(None, None, 0, 0, 0, 0))
    return jax.vmap(of_a_learner)(states, initial, activity, observation, episode, step)
