"""Episode bookkeeping of one learner, reduced inside the loop so that memory does not grow with the number of steps."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

WINDOW = 100  # episodes in the training return


class Log(NamedTuple):
    """The episodes of one learner that ended since they were last read, each in the place of its number."""

    ended: Array  # [], how many
    step: Array  # [room], environment step after which it ended
    length: Array  # [room], its environment steps
    total: Array  # [room], its return


class Episodes(NamedTuple):
    """What a learner's episodes have brought so far."""

    running: Array  # [], return of the episode in progress
    length: Array  # [], environment steps of the episode in progress
    ended: Array  # [], episodes ended
    recent: Array  # [WINDOW], returns of the last episodes, a ring
    since_sum: Array  # [], sum of the returns of the episodes that ended since the last point of the curve
    since_count: Array  # [], number of those
    finite: Array  # [], whether every observation and reward so far was a number
    log: Any = ()  # Log, where every episode is to be known


def init() -> Episodes:
    """Return the bookkeeping of a learner that has not begun."""
    zero, none = jnp.float32(0.0), jnp.int32(0)
    return Episodes(zero, none, none, jnp.zeros(WINDOW), zero, none, jnp.array(True))


def logging(room: int) -> Log:
    """Return the log of a learner that nothing is in, with room for as many episodes as it takes steps until it is read."""
    return Log(jnp.int32(0), *(jnp.zeros(room, dtype) for dtype in (jnp.int32, jnp.int32, jnp.float32)))


def update(episodes: Episodes, reward: Array, ended: Array, finite: Array, step: Array) -> Episodes:
    """Take in one environment step.

    Args:
        episodes: The bookkeeping so far.
        reward: [].
        ended: [], whether the step ended the episode.
        finite: [], whether its observation and reward are numbers.
        step: [], environment steps done with it.
    """
    running = episodes.running + reward
    slot = jnp.arange(WINDOW) == episodes.ended % WINDOW
    return Episodes(
        running=jnp.where(ended, 0.0, running),
        length=jnp.where(ended, 0, episodes.length + 1),
        ended=episodes.ended + ended,
        recent=jnp.where(slot & ended, running, episodes.recent),
        since_sum=episodes.since_sum + jnp.where(ended, running, 0.0),
        since_count=episodes.since_count + ended,
        finite=episodes.finite & finite,
        log=_add(episodes.log, ended, step, episodes.length + 1, running) if episodes.log else (),
    )


def _add(log: Log, ended: Array, step: Array, length: Array, total: Array) -> Log:
    """Return the log with an episode more, if it has ended."""
    place = jnp.where(ended, log.ended, log.step.shape[0])  # behind the end, where nothing is written
    written = (
        column.at[place].set(value, mode="drop") for column, value in ((log.step, step), (log.length, length), (log.total, total))
    )
    return Log(log.ended + ended, *written)


def read(log: Log) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what is in the logs of all learners, in the order of learners and of episodes: the learner of each, and columns."""
    ended = np.asarray(log.ended)
    there = np.arange(log.step.shape[1]) < ended[:, None]
    columns = {"env_step": log.step, "length": log.length, "return": log.total}
    return np.repeat(np.arange(len(ended)), ended), {name: np.asarray(column)[there] for name, column in columns.items()}


def restart(episodes: Episodes) -> Episodes:
    """Return the bookkeeping with the episode in progress dropped."""
    return episodes._replace(running=jnp.zeros_like(episodes.running), length=jnp.zeros_like(episodes.length))


def point(episodes: Episodes) -> tuple[Episodes, dict[str, Array]]:
    """Return the values of a point of the training curve, NaN where no episode ended, and begin the next point."""
    filled = jnp.minimum(episodes.ended, WINDOW)
    recent = jnp.where(jnp.arange(WINDOW) < filled, episodes.recent, 0.0).sum() / filled
    values = {
        "episodes": episodes.ended,
        "episode_return": episodes.since_sum / episodes.since_count,
        "recent_return": recent,
    }
    fresh = episodes._replace(since_sum=jnp.zeros_like(episodes.since_sum), since_count=jnp.zeros_like(episodes.since_count))
    return fresh, values
