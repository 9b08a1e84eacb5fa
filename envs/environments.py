"""Environments of Gymnasium's kind, side by side on the host: numbers in, rows of numbers out.

Each answer is a row, because handing over an array costs a jitted call tens of microseconds and there is one call for all:

    reward, terminated, truncated, begins, observation [size], final observation [size]        float32

``begins`` marks what is only the beginning of an episode. On the other side of the call :func:`timestep` reads a row back. An
environment that breaks Gymnasium's contract is named, with what it returned and what was expected.
"""

import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium import spaces
from jax import Array

from neurorl import packing
from neurorl.envs.intake import Intake, described
from neurorl.envs.running_statistics import RunningStatistics
from neurorl.envs.world import Answer
from neurorl.envs.world import timestep as timestep_of
from neurorl.errors import NeurorlError
from neurorl.timestep import Timestep

REWARD, TERMINATED, TRUNCATED, BEGINS, HEAD = range(5)  # columns of a row, and where its observations begin
STEP = "(observation, reward, terminated, truncated, info)"
RESET = "(observation, info)"
_NOTHING = object()  # stands for an answer that has not come


class Environments:
    """Some environments of one kind, each with a step counter of its own."""

    def __init__(self, make: Callable[[], Any], count: int, name: str, limit: int):
        """Make them.

        Args:
            make: Makes one.
            count: How many.
            name: What to call them in messages.
            limit: Steps after which an episode is truncated.

        Raises:
            NeurorlError: The function does not make a new environment each time.
        """
        self.name, self.limit, self.count = name, limit, count
        self.envs: list[Any] = []
        try:
            for _ in range(count):
                self.envs.append(make())
            if len({id(env.unwrapped) for env in self.envs}) < count:
                raise NeurorlError(
                    f"the function that makes '{name}' returned the same environment twice; let it make a new one each time"
                )
            self.statistics = [RunningStatistics(env) for env in self.envs]
            self.space, self.action_space = (self._space_of(self.envs[0], of) for of in ("observation_space", "action_space"))
            self.intake = Intake(self.space, f"environment '{name}' returned", count)
        except BaseException:
            self.close()
            raise
        self.reward = np.zeros(count)
        self.terminated, self.truncated = np.zeros((2, count), bool)
        self._elapsed = np.zeros(count, np.int64)
        self._discrete = isinstance(self.action_space, spaces.Discrete)

    def reset(self, indices: Iterable[int], seeds: Iterable[int] | None = None) -> None:
        """Begin episodes in some environments; without seeds each goes on drawing as it did."""
        answer: Any = _NOTHING
        keywords = ({"seed": seed} for seed in seeds) if seeds is not None else iter(dict, None)
        try:
            for index, given in zip(indices, keywords, strict=False):
                answer = _NOTHING
                answer = self.envs[index].reset(**given)
                if type(answer) is not tuple or len(answer) != 2:
                    raise TypeError(RESET)
                self.intake.write(index, answer[0], " from reset()")
                self._elapsed[index] = 0
        except NeurorlError:
            raise
        except Exception as error:
            raise self._broken("reset", RESET, answer, error) from error
        self.intake.check()

    def step(self, actions: Any, indices: Sequence[int] | None = None) -> None:
        """Take the packed actions [n, ...] in the environments of ``indices`` [n], by default in all."""
        count = self.count if indices is None else len(indices)
        value = packing.unpack(self.action_space, np.asarray(actions), (count,))
        # Environments check Python's whole numbers faster than NumPy's.
        self.take(value.tolist() if self._discrete else [packing.item(value, i) for i in range(count)], indices)

    def take(self, actions: Sequence[Any], indices: Sequence[int] | None = None) -> None:
        """Take actions as the environments know them, [n]."""
        chosen = range(self.count) if indices is None else indices
        reward, terminated, truncated, observations = self.reward, self.terminated, self.truncated, []
        answer: Any = _NOTHING
        try:
            for index, action in zip(chosen, actions, strict=True):
                answer = _NOTHING
                answer = self.envs[index].step(action)
                observation, gain, ended, cut, _ = answer
                reward[index] = gain if type(gain) is float else _number(gain)
                terminated[index] = ended if type(ended) is bool else _flag(ended)
                truncated[index] = cut if type(cut) is bool else _flag(cut)
                observations.append(observation)
        except NeurorlError:
            raise
        except Exception as error:
            raise self._broken("step", STEP, answer, error) from error
        self.intake.write_all(chosen, observations, " from step()")
        self._elapsed[slice(None) if indices is None else indices] += 1
        truncated |= self._elapsed >= self.limit
        self.intake.check()

    def begin(self, seeds: Sequence[int]) -> np.ndarray:
        """Begin an episode everywhere, and return rows that say no more."""
        self.reset(range(self.count), seeds)
        self.terminated[:], self.truncated[:] = False, False
        return pack(Answer(self.intake.rows, 0.0, False, True, self.intake.rows), begins=1.0)

    def advance(self, actions: Any) -> np.ndarray:
        """Take the packed actions [count, ...], begin the next episode where one ended, and return the rows."""
        self.step(actions)
        final, over = self.intake.rows, self.terminated | self.truncated
        if over.any():
            final = final.copy()
            self.reset(np.flatnonzero(over))
        return pack(Answer(self.intake.rows, self.reward, self.terminated, self.truncated, final))

    def close(self) -> None:
        """Close all; one that fails to close does not keep the others open."""
        while self.envs:
            env = self.envs.pop()
            try:
                env.close()
            except Exception as error:
                gymnasium.logger.warn(f"environment '{self.name}' could not be closed: {error}")

    def _space_of(self, env: Any, of: str) -> spaces.Space[Any]:
        space = getattr(env, of, None)
        if not isinstance(space, spaces.Space):
            raise NeurorlError(
                f"environment '{self.name}' has {described(space)} as its {of}; give it a space of gymnasium.spaces"
            )
        return space

    def _broken(self, verb: str, expected: str, answer: Any, error: Exception) -> NeurorlError:
        """Return what is wrong with an answer, in a sentence."""
        if answer is _NOTHING:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = "" if last.filename == __file__ else f" ({last.filename}, line {last.lineno})"
            by_keyword = verb == "reset" and "unexpected keyword argument" in str(error)
            hint = "; it must take both by keyword: def reset(self, *, seed=None, options=None)" if by_keyword else ""
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            return NeurorlError(f"environment '{self.name}' raised {text} in {verb}(){where}{hint}")
        wrong = described(answer)
        if isinstance(answer, tuple) and f"{verb}, {len(answer)}" in ("reset, 2", "step, 5"):
            names = expected.strip("()").split(", ")
            checks = (_number, _flag, _flag)
            bad = [
                f"{n} {described(v)}" for n, v, check in zip(names[1:4], answer[1:4], checks, strict=False) if _fails(check, v)
            ]
            wrong = ", ".join(bad) or wrong
        elif isinstance(answer, tuple):
            wrong = f"a tuple of {len(answer)}"
        return NeurorlError(
            f"environment '{self.name}' returned {wrong} from {verb}(); it must return {expected}, as Gymnasium asks"
        )


class HostSubEnvironment:
    """One environment, step by step."""

    def __init__(self, environments: Environments, seed: int):
        """Take over an environment; ``seed`` decides its episode."""
        self.environments, self._seed = environments, seed
        self._timestep = jax.jit(lambda row: timestep(environments.space, row))

    def begin(self) -> Timestep:
        """Begin an episode."""
        return self._timestep(self.environments.begin([self._seed])[0])

    def step(self, action: Any) -> Timestep:
        """Take a packed action."""
        return self._timestep(self.environments.advance(np.asarray(action)[None])[0])

    def close(self) -> None:
        """Close the environment."""
        self.environments.close()


def pack(answer: Answer, begins: Any = 0.0) -> np.ndarray:
    """Return the rows [n, HEAD + 2 size] of the answers of n environments, a new array: JAX may still be reading the one before.

    Args:
        answer: Observations [n, size], or of any shape that holds as many; the other fields [n] or one number.
        begins: [n], whether each only begins an episode.
    """
    count = len(answer.observation)
    observation, final = (o.reshape(count, -1) for o in (answer.observation, answer.final_observation))
    size = observation.shape[1]
    rows = np.empty((count, HEAD + 2 * size), np.float32)
    columns = ((REWARD, answer.reward), (TERMINATED, answer.terminated), (TRUNCATED, answer.truncated), (BEGINS, begins))
    for column, value in columns:
        rows[:, column] = value
    rows[:, HEAD : HEAD + size] = observation
    rows[:, HEAD + size :] = final
    return rows


def timestep(space: spaces.Space[Any], row: Array) -> Timestep:
    """Return the timestep of one row, within a jitted call."""
    shape, dtype = packing.shape_and_dtype(space)
    observation, final = row[HEAD:].reshape(2, *shape).astype(jax.dtypes.canonicalize_dtype(dtype))
    return timestep_of(Answer(observation, row[REWARD], row[TERMINATED] > 0.0, row[TRUNCATED] > 0.0, final))


def ended(rows: Any) -> Any:
    """Return whether each row ended an episode, bool, the last axis reduced."""
    return (rows[..., TERMINATED] > 0.0) | (rows[..., TRUNCATED] > 0.0)


def _number(value: Any) -> float:
    """Return one number, whatever brackets stand around it."""
    if isinstance(value, int | float):
        return value
    number = np.asarray(value).item()
    if not isinstance(number, int | float):
        raise TypeError("not a number")
    return number


def _flag(value: Any) -> bool:
    flag = np.asarray(value).item()
    if flag not in (0, 1):
        raise TypeError("not true or false")
    return bool(flag)


def _fails(check: Callable[[Any], Any], value: Any) -> bool:
    try:
        check(value)
    except (TypeError, ValueError):
        return True
    return False
