"""A task: an environment, ready for a loop, and what is known of it. ``neurorl.envs.resolution`` makes one of an id."""

import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np
from gymnasium import spaces
from jax import Array

from neurorl.envs import ranges
from neurorl.envs.environments import Environments, HostSubEnvironment
from neurorl.envs.running_statistics import from_bits
from neurorl.envs.world import Border, JaxSubEnvironment, World
from neurorl.errors import NeurorlError, NeurorlWarning, nearest
from neurorl.parameters import check
from neurorl.timestep import Timestep

TRIAL = 10  # environment steps that a host environment is tried for

# gymnax keeps these sums and products as parameters of their own; they follow unless they are set themselves.
DERIVED: dict[str, dict[str, Callable[[dict[str, Any]], float]]] = {
    "CartPole-v1": {
        "total_mass": lambda p: p["masscart"] + p["masspole"],
        "polemass_length": lambda p: p["masspole"] * p["length"],
    },
}


class SubEnvironment(Protocol):
    """One environment of a task, step by step on the host."""

    def begin(self) -> Timestep:
        """Begin an episode."""
        ...

    def step(self, action: Any) -> Timestep:
        """Take a packed action."""
        ...

    def close(self) -> None:
        """Close the environment."""
        ...


@dataclasses.dataclass(frozen=True)
class Task:
    """An environment, ready for a loop; what the two kinds of it have in common."""

    env_id: str  # its name in tables and figures
    source: str | None  # what makes it again in another process: an id, ``module:id`` or ``module:function``; None: nothing does
    known_id: str | None  # the id whose ranges, preset, threshold and twin are true of it; None for what is itself
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    max_episode_steps: int
    limited_by_us: bool  # whether this is another limit than the environment's own, or it has none
    threshold: float | None  # return at which the task counts as solved
    parameters: dict[str, Any]  # every numeric parameter of the environment, changed ones included
    changed: bool  # whether any parameter differs from the environment's default

    loop: ClassVar[str]  # "jax" or "host"
    mappable: ClassVar[bool]  # whether the parameters are arguments of a compiled program
    any_parameter: ClassVar[bool]  # whether parameters that are not among ``parameters`` may be set too

    @property
    def ranges(self) -> ranges.Ranges | None:
        """What is known of the range of every observation dimension."""
        return ranges.find(self.known_id, self.observation_space) if self.known_id else None

    def stated(self) -> dict[str, Any]:
        """Return what a run's config.json keeps of the task."""
        names = ("source", "threshold", "max_episode_steps", "limited_by_us", "changed")
        return {name: getattr(self, name) for name in names}

    def check(self) -> None:
        """Raise a NeurorlError if the environment breaks its contract at once, and warn of what will not work."""

    def twin(self) -> "HostTask | None":
        """Return the same task in Gymnasium, or None where there is none that plays the same rules."""
        raise NotImplementedError

    def altered(self, settings: dict[str, Any]) -> "Task":
        """Return the task with other parameters; what follows from them follows, unless it had been set.

        Raises:
            NeurorlError: An unknown parameter, a value of the wrong type, or one that decides shapes.
        """
        raise NotImplementedError

    def sub_environment(self, seed: int, key: Array, carried: Any = ()) -> SubEnvironment:
        """Return one environment.

        Args:
            seed, key: What its episodes follow from, on the host and in JAX.
            carried: Of a learner in ``Learners.world``: what its environment carries over from training.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class JaxTask(Task):
    """A task whose environment is compiled with the agent."""

    world: World
    env_params: Any
    make_twin: Callable[[dict[str, Any], int | None], "HostTask | None"] | None = None  # of parameters and a limit; see ``twin``

    loop: ClassVar[str] = "jax"
    mappable: ClassVar[bool] = True
    any_parameter: ClassVar[bool] = False

    @property
    def env(self) -> Any:
        """The environment as its suite made it."""
        return getattr(self.world, "env", self.world)

    @property
    def border(self) -> Border:
        """The environment as a loop drives it."""
        return Border(self.world, self.env_id, self.observation_space, self.action_space)

    def twin(self) -> "HostTask | None":
        """Return Gymnasium's environment of the same id, where this one is what the id makes."""
        limit = self.max_episode_steps if self.limited_by_us else None
        return self.make_twin(self.parameters if self.changed else {}, limit) if self.make_twin else None

    def altered(self, settings: dict[str, Any]) -> "JaxTask":
        """Return the task with other parameters."""
        own = {key: value for key, value in self.parameters.items() if hasattr(self.env_params, key)}
        settings = checked(settings, own)
        before, after = self.parameters, {**self.parameters, **settings}
        for key, derive in DERIVED.get(self.known_id or "", {}).items():
            if key not in settings and np.isclose(before[key], derive(before)):
                after[key] = derive(after)
        params = self.env_params.replace(**{key: after[key] for key in own if after[key] != before[key]})
        return dataclasses.replace(self, env_params=params, parameters=after, changed=True)

    def sub_environment(self, seed: int, key: Array, carried: Any = ()) -> SubEnvironment:
        """Return one environment."""
        return JaxSubEnvironment(self.border, self.env_params, key)


@dataclasses.dataclass(frozen=True)
class HostTask(Task):
    """A task whose environment runs in Python, by Gymnasium's contract."""

    make: Callable[..., Any]  # makes an environment; takes ``render_mode`` where it can be drawn
    statistics: tuple[float, ...] = ()  # running statistics of its wrappers before training

    loop: ClassVar[str] = "host"
    mappable: ClassVar[bool] = False
    any_parameter: ClassVar[bool] = True

    def environments(self, count: int, render_mode: str | None = None) -> Environments:
        """Return environments of this task, side by side."""
        if render_mode is None:
            return Environments(self.make, count, self.env_id, self.max_episode_steps)
        try:
            make = functools.partial(self.make, render_mode=render_mode)
            return Environments(make, count, self.env_id, self.max_episode_steps)
        except TypeError as error:  # a function without this argument, whose environment may draw all the same
            plain = self.environments(count)
            if plain.envs[0].render_mode != render_mode:
                plain.close()
                raise NeurorlError(f"environment '{self.env_id}' cannot be drawn: {error}") from error
            return plain

    def as_trained(self, carried: Any = (), render_mode: str | None = None) -> Environments:
        """Return one environment whose running statistics are those carried over from training, and stay so."""
        environments = self.environments(1, render_mode)
        if np.size(carried):
            environments.statistics[0].write(from_bits(carried))
        environments.statistics[0].freeze()
        return environments

    def twin(self) -> "HostTask":
        """Return the task itself."""
        return self

    def altered(self, settings: dict[str, Any]) -> "Task":
        """Refuse."""
        raise NeurorlError(
            f"'changes' needs a JAX environment, whose parameters are arguments; '{self.env_id}' runs in the host loop"
        )

    def sub_environment(self, seed: int, key: Array, carried: Any = ()) -> SubEnvironment:
        """Return one environment; its running statistics go on from those carried over."""
        environments = self.environments(1)
        if np.size(carried):
            environments.statistics[0].write(from_bits(carried))
        return HostSubEnvironment(environments, seed)

    def check(self) -> None:
        """Play the beginning of an episode, twice."""
        environments = self.environments(1)
        try:
            environments.statistics[0].freeze()
            first, second = (_trial(environments) for _ in range(2))
            outside = environments.intake.outside()
        finally:
            environments.close()
        if outside:
            self._warn(f"returned an observation of {outside}; what lies outside is taken for the end of the range")
        if not np.array_equal(first, second, equal_nan=True):
            self._warn(
                "answers differently to the same seed and actions: it keeps something over episodes, or draws without its seed. "
                "Evaluations play in environments of their own, which know nothing of what was kept; a resumed run may differ "
                "from one that was never stopped. Statistics are carried over where they are a RunningMeanStd as Gymnasium's"
            )

    def _warn(self, text: str) -> None:
        warnings.warn(f"environment '{self.env_id}' {text}", NeurorlWarning, stacklevel=4)


def _trial(environments: Environments) -> np.ndarray:
    """Return what one environment says to the same seed and actions each time, a row a step."""
    space = environments.action_space
    space.seed(0)
    said = [environments.begin([0])[0]]
    for _ in range(TRIAL):
        if environments.terminated[0] or environments.truncated[0]:
            break
        environments.take([space.sample()])
        said += [environments.intake.rows[0].copy(), environments.reward.copy()]
    return np.concatenate(said)


def checked(settings: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of an environment in the types of its defaults, or raise a NeurorlError."""
    for key in settings:
        if key not in defaults:
            raise NeurorlError(f"unknown parameter 'env.{key}'{nearest(key, defaults)}; there are {', '.join(sorted(defaults))}")
    return {key: check(f"env.{key}", value, defaults[key], {}) for key, value in settings.items()}
