"""What a run does, apart from its environment and its agent.

The one declaration of it: the flags of ``neurorl train``, the fields of a sweep, ``neurorl list`` and docs/runs.md follow.
"""

import dataclasses
from typing import Any

from neurorl.envs.resolution import LOOPS
from neurorl.parameters import parameter

LAST_SEED = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of a run."""

    seeds: int = parameter(10, "number of independent learners", low=1, high=1_000_000)
    seed: int = parameter(0, "seed of the first learner; learner i has seed + i", low=0, high=LAST_SEED)
    steps: int = parameter(20_000, "environment steps of every learner", low=1, high=2**31 - 1)
    eval_every: int = parameter(1_000, "environment steps between evaluations", low=1)
    eval_episodes: int = parameter(20, "greedy episodes of an evaluation", low=1)
    eval_seed: int = parameter(1_000_003, "seed of the evaluation episodes, the same for all learners", low=0, high=LAST_SEED)
    log_every: int = parameter(1_000, "environment steps between points of the training curve", low=1)
    checkpoint_every: int | None = parameter(
        None, "environment steps between checkpoints; null: a tenth of the run", low=1, optional=True
    )
    max_episode_steps: int | None = parameter(
        None,
        "time limit of an episode, environment steps; reaching it is truncation. null: that of the environment",
        low=1,
        optional=True,
    )
    log_episodes: bool = parameter(False, "keep every training episode, in episodes.parquet")
    until_solved: bool = parameter(
        False, "end when every learner has solved its task: three successive evaluations at its threshold"
    )
    group: int = parameter(
        32, "most learners in a compiled group, which one device computes; its size decides the last bit", low=1, high=1_000_000
    )
    loop: str = parameter(
        "auto", "the loop that runs it: jax, host, or auto: jax where the environment exists there", choices=LOOPS
    )
    start: str | None = parameter(
        None,
        "a run, an exported file or zoo/NAME that learners start from: its agent, and what its learners know, in turn",
        optional=True,
    )
    wrappers: tuple[str, ...] = parameter(
        (), "what goes around the environment, the first innermost: module:name, or module:name(argument=value)"
    )
    changes: tuple[tuple[int, str, Any], ...] = parameter(
        (), "parameters of a JAX environment that change in mid-run: [environment step, parameter, value] each"
    )
