"""A bandit with two arms, one better than the other; a run's ``changes`` reverse them."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from gymnax.environments import environment, spaces
from jax import Array


@struct.dataclass
class State(environment.EnvState):
    """There is nothing to remember but the number of pulls, 0 or 1."""

    time: Array  # []


@struct.dataclass
class Params(environment.EnvParams):
    """The arms. A reversal is a change of ``best`` in mid-run: ``--set 'changes=[[1000, "env.best", 1]]'``."""

    best: int = 0  # the better arm, 0 or 1
    better: float = 0.8  # probability that the better arm pays
    worse: float = 0.2  # probability that the other arm pays
    reward: float = 1.0  # what an arm pays
    max_steps_in_episode: int = 1  # an episode is one pull


class ReversalBandit(environment.Environment[State, Params]):
    """A two-armed bandit, the reversal-learning task of Butter (1969) and Cools et al. (2002) once ``best`` changes.

    - observation: Discrete(1), always 0: nothing tells which arm is better but what it pays.
    - action: Discrete(2), the arm to pull.
    - reward: ``reward`` with the arm's probability, else 0.
    - end: after one pull.
    """

    @property
    def name(self) -> str:
        """The environment's id."""
        return "ReversalBandit-v0"

    @property
    def default_params(self) -> Params:
        """Arm 0 pays four times as often as arm 1."""
        return Params()

    def step_env(
        self, key: Array, state: State, action: Any, params: Params
    ) -> tuple[Array, State, Array, Array, dict[str, Array]]:
        """Pull an arm."""
        pays = jax.random.uniform(key) < jnp.where(action == params.best, params.better, params.worse)
        state = State(time=state.time + 1)
        return self.get_obs(state), state, params.reward * pays, jnp.array(True), {"discount": jnp.float32(0.0)}

    def reset_env(self, key: Array, params: Params) -> tuple[Array, State]:
        """Stand before the arms."""
        state = State(time=jnp.int32(0))
        return self.get_obs(state), state

    def get_obs(self, state: State, params: Params | None = None, key: Array | None = None) -> Array:
        """Return 0."""
        return jnp.int32(0)

    def is_terminated(self, state: State, params: Params) -> Array:
        """Return whether an arm was pulled."""
        return state.time > 0

    @property
    def num_actions(self) -> int:
        """Number of arms."""
        return 2

    def action_space(self, params: Params | None = None) -> spaces.Discrete:
        """One action an arm."""
        return spaces.Discrete(2)

    def observation_space(self, params: Params) -> spaces.Discrete:
        """One observation."""
        return spaces.Discrete(1)
