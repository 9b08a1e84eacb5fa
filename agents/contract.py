"""The agent contract: a few jittable functions on unbatched arrays.

    state            = agent.init(key)                                   a learner that has seen nothing
    state, action    = agent.learn(state, timestep, key)                 learn from the last action's outcome, choose the next
    activity         = agent.initial_activity(state)                     what an episode starts with, weights apart
    activity, action = agent.act(state, activity, observation, key)      choose greedily; the weights are only read

An agent is itself a pytree of hyperparameters, so the caller may map over seeds and hyperparameters alike. One call of
``learn`` an environment step is all of training: it perceives the new observation once, both to judge the last action
and to choose the next.

An agent that learns from batches says ``update_every`` and gives a fifth function, which the loops call for all learners at once
after every so many environment steps:

    state            = agent.update(state, key)                          learn from what was gathered

An agent of spiking neurons gives a sixth, which does what ``learn`` does and tells what its neurons did:

    state, action, recording = agent.record(state, timestep, key)

Within ``learn`` a branch on a learner's own counter would not do: mapped over learners, both sides of it run on every step.
"""

from typing import Any, ClassVar, NamedTuple

import jax
from gymnasium import spaces
from jax import Array

from neurorl.errors import NeurorlError
from neurorl.parameters import Checked
from neurorl.timestep import Timestep as Timestep
from neurorl.timestep import restart as restart


class Recording(NamedTuple):
    """What an agent's network did in one environment step, for figures and exports: no reader needs to know the agent."""

    spikes: dict[str, Array]  # of each population by name, in its order along the way of a spike: [S, n] counts per substep
    signals: dict[str, Array]  # [] each, by name: value, dopamine and whatever else the agent says


class Agent(Checked):
    """Base class of agents; see the module's docstring. ``init``, ``learn`` and ``act`` must be given."""

    # What a learner that starts from another's state does not take over, by the paths of fields ("synapses.eligibility").
    BEGINS_ANEW: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> Any:
        """Return the agent with its default hyperparameters for an environment.

        By default the class is called with the number of ``actions``.

        Args:
            observation_space, action_space: Gymnasium spaces.
            **ranges: ``low``, ``high`` and ``angles`` of a Box observation (see ``neurorl.codes.for_space``).

        Raises:
            NeurorlError: A space that the agent does not support.
        """
        return cls(actions=count_actions(cls, action_space))  # type: ignore[call-arg]

    def fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> Any:
        """Return the agent fitted to an environment, where it was made before one was known; by default as it is."""
        return self

    def init(self, key: Array) -> Any:
        """Return the state of a learner that has seen nothing."""
        raise NotImplementedError

    def learn(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array]:
        """Learn from what the last action brought, and choose the next action."""
        raise NotImplementedError

    @property
    def update_every(self) -> int | None:
        """Environment steps from one :meth:`update` to the next, fixed when compiled; None where there is none."""
        return None

    def update(self, state: Any, key: Array) -> Any:
        """Learn from what ``learn`` has gathered."""
        raise NotImplementedError

    def for_steps(self, steps: int) -> Any:
        """Return the agent with the schedules that were left open fitted to a run of ``steps``; by default as it is."""
        return self

    def started_from(self, fresh: Any, other: Any) -> Any:
        """Return the state of a learner that goes on, on another task or with another seed, with what another has learned.

        Weights, their slow components, thresholds, baselines and running scales come along; traces, activity, counters and
        schedules begin anew, which are the fields that ``BEGINS_ANEW`` names.

        Args:
            fresh: A learner that has seen nothing.
            other: The state of the other, of the same shapes.
        """

        def chosen(path: Any, new: Array, old: Array) -> Array:
            place = jax.tree_util.keystr(path, simple=True, separator=".") + "."
            return new if place.startswith(tuple(f"{name}." for name in self.BEGINS_ANEW)) else old

        return jax.tree_util.tree_map_with_path(chosen, fresh, other)

    def initial_activity(self, state: Any) -> Any:
        """Return the activity that an episode of frozen weights starts with; by default () for no memory."""
        return ()

    def act(self, state: Any, activity: Any, observation: Array, key: Array) -> tuple[Any, Array]:
        """Choose an action greedily, reading the weights only."""
        raise NotImplementedError

    def value(self, state: Any, observation: Array) -> Array:
        """Return what the agent expects of an observation, []: the discounted return, in units of reward. Not all have it."""
        raise NotImplementedError

    def report(self, state: Any) -> dict[str, Array]:
        """Return scalars worth a learning curve; by default none."""
        return {}


class RecordedAgent(Agent):
    """An agent that tells what its neurons do: ``record`` is all of its learning, and ``learn`` is that without the telling."""

    def record(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array, "Recording"]:
        """Do what :meth:`learn` does, and tell what every population did."""
        raise NotImplementedError

    def learn(self, state: Any, timestep: Timestep, key: Array) -> tuple[Any, Array]:
        """Release dopamine for the last action, change the weights, and choose the next action."""
        state, action, _ = self.record(state, timestep, key)
        return state, action


def count_actions(agent: type, space: spaces.Space[Any]) -> int:
    """Return the number of actions of a Discrete space, or raise a NeurorlError that names the agent."""
    if not isinstance(space, spaces.Discrete):
        raise NeurorlError(f"actions of {type(space).__name__} are not supported by {agent.__name__}; it needs Discrete actions")
    return int(space.n)
