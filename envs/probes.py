"""Probes: five tasks so small that what an agent must expect of every observation is known.

| id | episode | what it finds |
|---|---|---|
| OneStep-probe | one step, reward 1 | an agent that cannot learn a value at all |
| DelayedReward-probe | two steps, reward 1 after the second | one that does not bootstrap, or discounts wrongly |
| TwoActions-probe | one step, reward 1 for action 1 and -1 for action 0 | one that cannot improve a policy |
| ObservedReward-probe | one step, the reward is the observation, 1 or -1 | one whose value does not look |
| ObservedAction-probe | one step, the observation names the action that earns 1; the other costs 1 | one whose policy does not |

Name a task with this module: ``neurorl train neurorl.envs.probes:OneStep-probe``. ``expected(gamma)`` of an environment is
the best discounted return from each observation. All have two actions and differ in numbers only, so that one compiled
program serves all five. The idea is Jones's (2021), Debugging RL, without the agonizing pain; the contract is gymnax's.
"""

from typing import Any

import gymnax
import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnax.environments import environment, spaces
from jax import Array

LOSS_AND_GAIN = (-1.0, 1.0)


@struct.dataclass
class State(environment.EnvState):
    """Where an episode is."""

    time: Array  # [], int, steps done
    cue: Array  # [], int, 0 or 1: what the first observation shows


@struct.dataclass
class Parameters(environment.EnvParams):
    """A probe in numbers."""

    length: int = 1  # steps of an episode
    cues: int = 1  # 1: every episode begins with cue 0; 2: with either
    rewards: Array = struct.field(default_factory=lambda: jnp.ones((2, 2, 2)))  # [step, cue, action]
    max_steps_in_episode: int = 10  # never reached


class Probe(environment.Environment):
    """What the probes share. The observation is -1 or 1, or with ``discrete`` 0 or 1; the second step shows the other one."""

    length, cues = 1, 1
    rewards: Any = 1.0  # broadcast to [step, cue, action]

    def __init__(self, discrete: bool = False):
        """Make a probe.

        Args:
            discrete: Whether observations are numbered, for agents with tables.
        """
        super().__init__()
        self.discrete = discrete

    @property
    def default_params(self) -> Parameters:
        """The probe in numbers."""
        rewards = jnp.broadcast_to(jnp.asarray(self.rewards, jnp.float32), (2, 2, 2))
        return Parameters(length=self.length, cues=self.cues, rewards=rewards)

    def expected(self, gamma: float) -> dict[float, float]:
        """Return the best discounted return from every observation that occurs."""
        best = np.broadcast_to(np.asarray(self.rewards, float), (2, 2, 2)).max(2)  # [step, cue]
        returns = {}
        for cue in range(self.cues):
            ahead = 0.0
            for step in reversed(range(self.length)):
                ahead = best[step, cue] + gamma * ahead
                shown = (cue + step) % 2
                returns[float(shown if self.discrete else 2 * shown - 1)] = float(ahead)
        return returns

    def step_env(self, key: Array, state: State, action: Any, params: Any) -> tuple[Any, ...]:
        """Return the observation, the state, the reward, whether it terminates, and no info."""
        reward = params.rewards[state.time, state.cue, action]
        state = State(state.time + 1, state.cue)
        return self._look(state), state, reward, self.is_terminated(state, params), {}

    def reset_env(self, key: Array, params: Any) -> tuple[Array, State]:
        """Return the first observation and the state of an episode."""
        state = State(jnp.int32(0), jax.random.randint(key, (), 0, params.cues))
        return self._look(state), state

    def is_terminated(self, state: State, params: Any) -> Array:
        """Return whether the episode is over."""
        return state.time >= params.length

    def observation_space(self, params: Any) -> Any:
        """Return the space of observations."""
        return spaces.Discrete(2) if self.discrete else spaces.Box(-1.0, 1.0, (1,), jnp.float32)

    def action_space(self, params: Any = None) -> Any:
        """Return the two actions."""
        return spaces.Discrete(2)

    def _look(self, state: State) -> Array:
        shown = (state.cue + state.time) % 2
        return shown if self.discrete else jnp.float32(2 * shown - 1)[None]


class OneStep(Probe):
    """Reward 1 after one step, whatever is done."""


class DelayedReward(Probe):
    """Reward 1 after the second of two steps."""

    length, rewards = 2, [[[0.0]], [[1.0]]]


class TwoActions(Probe):
    """One action gains, the other loses."""

    rewards = LOSS_AND_GAIN


class ObservedReward(Probe):
    """The observation is the reward to come."""

    cues, rewards = 2, np.reshape(LOSS_AND_GAIN, (2, 1))


class ObservedAction(Probe):
    """The observation names the action that gains; the other loses."""

    cues, rewards = 2, 2 * np.eye(2) - 1


PROBES: dict[str, type[Probe]] = {
    f"{probe.__name__}-probe": probe for probe in (OneStep, DelayedReward, TwoActions, ObservedReward, ObservedAction)
}
for name, probe in PROBES.items():
    gymnax.register(name, probe)
