"""Show or film episodes of one learner in Gymnasium's own environment."""

import os
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from neurorl.envs.task import Task
from neurorl.errors import NeurorlError
from neurorl.runs.evaluation import SEED, gymnasium_task
from neurorl.runs.run import Run

FILMS = (".mp4", ".webm", ".gif")


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
    if video and video.suffix.lower() not in FILMS:
        raise NeurorlError(f"'--video {video}': the file must end in {', '.join(FILMS)}")
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
            agent.reset()
            total, over = 0.0, False
            while not over:
                if video:
                    frames.append(env.render())
                observation, reward, terminated, truncated, _ = env.step(agent.act(observation))
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
    path.parent.mkdir(parents=True, exist_ok=True)
    clip = ImageSequenceClip([np.asarray(frame) for frame in frames], fps=fps)
    if path.suffix.lower() == ".gif":
        clip.write_gif(str(path), logger=None)
    else:
        clip.write_videofile(str(path), logger=None)
