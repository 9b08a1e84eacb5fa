"""Evaluate a run with frozen weights, on Gymnasium's own environment where it has the task, and film or show an episode."""

import os
import sys
from pathlib import Path
from typing import Any

import gymnasium
import jax
import numpy as np

from neurorl.envs.task import Task, resolve
from neurorl.errors import NeurorlError
from neurorl.running import host_loop, statistics
from neurorl.running.jax_loop import JaxLoop
from neurorl.running.run import Run

SEED = 2_000_003  # of the first episode, apart from the evaluations during training


def gymnasium_task(task: Task) -> Task | None:
    """Return the Gymnasium twin of a task, or None where it has none that plays the same rules."""
    if task.loop == "host":
        return task
    name = task.env_id.rpartition(":")[2]
    if task.changed or name not in gymnasium.registry:
        return None
    limit = task.max_episode_steps if task.limited_by_us else None
    return resolve(name, "host", None, limit)


def evaluate(run: Run, episodes: int = 20, index: int | None = None, step: int | None = None) -> dict[str, Any]:
    """Play greedy episodes with frozen weights; see ``Run.evaluate``."""
    if episodes < 1:
        raise NeurorlError(f"'episodes' is {episodes}; it must be at least 1")
    opts, task, agent = run.configuration.options, run.configuration.task, run.configuration.agent
    if index is not None and not 0 <= index < opts.seeds:
        raise NeurorlError(f"seed index {index} is out of range: the run has {opts.seeds} seeds, 0 to {opts.seeds - 1}")
    lanes = list(range(opts.seeds)) if index is None else [index]
    learners = run.learners(step)
    learners = learners._replace(agent=jax.tree.map(lambda x: x[np.array(lanes)], learners.agent))
    twin = gymnasium_task(task)
    if twin is not None:
        returns = host_loop.play(twin, agent, learners.agent, [SEED + i for i in range(episodes)], learners=len(lanes))
    else:
        returns = JaxLoop(task, agent, opts.seed, opts.seeds, SEED, episodes).evaluate(learners)
    means = returns.mean(1)
    if not np.isfinite(returns).all():
        raise NeurorlError(f"environment '{task.env_id}' returned a reward that is NaN or infinite")
    return {
        "env_id": run.configuration.env_id,
        "environment": "gymnax" if twin is None else "gymnasium",
        "agent": run.configuration.agent_id,
        "env_steps": int(learners.step),
        "episodes": episodes,
        "threshold": task.threshold,
        "seeds": [opts.seed + lane for lane in lanes],
        "mean_return": [float(mean) for mean in means],
        "returns": returns.tolist(),
        "return_iqm": statistics.interquartile_mean(means),
        "return_ci95": statistics.confidence_interval(means),
    }


def show(run: Run, index: int = 0, episodes: int = 1, video: Path | None = None) -> list[float]:
    """Play episodes of one learner in a window, or film them.

    Args:
        run: The run.
        index: Which learner.
        episodes: How many episodes.
        video: File to write (.mp4); None for a window.

    Returns:
        The return of each episode.

    Raises:
        NeurorlError: No display, no renderer for the environment, or the extra ``render`` is missing.
    """
    twin = gymnasium_task(run.configuration.task)
    if twin is None or twin.make is None:
        raise NeurorlError(f"'{run.configuration.env_id}' with these parameters has no Gymnasium environment that can be drawn")
    agent = run.agent(index)
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # pygame looks for a sound card, and complains without one
    if video:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    env = _drawn(twin, "rgb_array" if video else "human")
    frames, totals = [], []
    try:
        for episode in range(episodes):
            observation, _ = env.reset(seed=SEED + episode)
            total, over = 0.0, False
            while not over:
                if video:
                    frames.append(env.render())
                observation, reward, terminated, truncated, _ = env.step(
                    agent.act(observation) + int(getattr(env.action_space, "start", 0))
                )
                total, over = total + float(reward), terminated or truncated
            totals.append(total)
    except gymnasium.error.DependencyNotInstalled as error:
        raise NeurorlError(f"drawing needs an extra: pip install 'neurorl[render]' ({error})") from error
    except Exception as error:
        if video is None and _is_display_error(error):
            raise NeurorlError("there is no display to draw on; film the episode instead with --video FILE.mp4") from error
        raise
    finally:
        env.close()
    if video:
        _write_film(frames, video, int(env.metadata.get("render_fps") or 30))
    return totals


def _drawn(task: Task, mode: str) -> Any:
    if (
        mode == "human"
        and sys.platform.startswith("linux")
        and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    ):
        raise NeurorlError("there is no display to draw on; film the episode instead with --video FILE.mp4")
    assert task.make is not None
    try:
        env = task.make(render_mode=mode)
    except TypeError as error:
        raise NeurorlError(f"environment '{task.env_id}' cannot be drawn: {error}") from error
    return gymnasium.wrappers.TimeLimit(env, task.max_episode_steps) if task.limited_by_us else env


def _is_display_error(error: Exception) -> bool:
    return type(error).__module__.startswith("pygame") or "display" in str(error).lower() or "video" in str(error).lower()


def _write_film(frames: list[Any], path: Path, fps: int) -> None:
    try:
        from moviepy import ImageSequenceClip
    except ImportError as error:
        raise NeurorlError("films need an extra: pip install 'neurorl[render]'") from error
    if path.suffix.lower() not in (".mp4", ".gif", ".webm"):
        raise NeurorlError(f"'--video {path}': the file must end in .mp4, .webm or .gif")
    path.parent.mkdir(parents=True, exist_ok=True)
    clip = ImageSequenceClip([np.asarray(frame) for frame in frames], fps=fps)
    if path.suffix.lower() == ".gif":
        clip.write_gif(str(path), logger=None)
    else:
        clip.write_videofile(str(path), logger=None)
