"""Show or film episodes of one learner in Gymnasium's own environment."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from neurorl import extras
from neurorl.envs.environments import Environments
from neurorl.envs.task import HostTask
from neurorl.errors import NeurorlError
from neurorl.runs.evaluation import SEED
from neurorl.runs.run import Run

FILMS = (".mp4", ".webm", ".gif")
FILMED = ("rgb_array", "rgb_array_list")  # render modes that give pictures


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
    task = run.configuration.task
    twin = task.twin()
    if twin is None:
        raise NeurorlError(f"'{run.configuration.env_id}' with these parameters has no Gymnasium environment that can be drawn")
    agent = run.agent(index)
    frames: list[np.ndarray] = []
    totals = []
    with _drawn(twin, agent.carried if twin is task else (), video) as stage:
        for episode in range(episodes):
            stage.reset([0], [SEED + episode])
            agent.reset()
            total, over = 0.0, False
            while not over:
                if video:
                    frames += _pictures(stage)
                stage.take([agent.act_packed(stage.intake.packed()[0])])
                total, over = total + float(stage.reward[0]), bool(stage.terminated[0] or stage.truncated[0])
            totals.append(total)
        fps = int(stage.envs[0].metadata.get("render_fps") or 30)
    if video:
        _write_film(frames, video, fps)
    return totals


@contextlib.contextmanager
def _drawn(task: HostTask, carried: Any, video: Path | None) -> Iterator[Environments]:
    """Yield one environment that draws, and close it; what drawing lacks is said in a sentence."""
    hint = "there is no display to draw on; film the episode instead with --video FILE.mp4"
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if video is None and sys.platform.startswith("linux") and not screen:
        raise NeurorlError(hint)
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # pygame looks for a sound card, and complains without one
    if video:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    try:
        with contextlib.closing(task.as_trained(carried, _mode(task, video))) as stage:
            yield stage
    except gymnasium.error.DependencyNotInstalled as error:
        raise NeurorlError(f"drawing needs an extra: pip install 'neurorl[render]' ({error})") from error
    except NeurorlError:
        raise
    except Exception as error:
        if video is None and _is_display_error(error):
            raise NeurorlError(hint) from error
        if "opengl" in str(error).lower():
            by = "on a machine without a screen, MUJOCO_GL=egl or MUJOCO_GL=osmesa in the environment lets MuJoCo draw"
            raise NeurorlError(f"'{task.env_id}' draws by OpenGL, which is not there: {by} ({error})") from error
        raise


def _mode(task: HostTask, video: Path | None) -> str:
    """Return the render mode to ask for."""
    if video is None:
        return "human"
    with contextlib.closing(task.environments(1)) as plain:
        modes = plain.envs[0].metadata.get("render_modes") or []
    found = [mode for mode in FILMED if mode in modes]
    if not found:
        there = ", ".join(modes) or "no render mode"
        raise NeurorlError(f"environment '{task.env_id}' cannot be filmed: it has {there}, and a film needs rgb_array")
    return found[0]


def _is_display_error(error: Exception) -> bool:
    return type(error).__module__.startswith("pygame") or "display" in str(error).lower() or "video" in str(error).lower()


def _pictures(stage: Environments) -> list[np.ndarray]:
    """Return what an environment has drawn since it was last asked, each [height, width, 3] of uint8."""
    drawn = stage.envs[0].render()
    return [_picture(one, stage.name) for one in (drawn if isinstance(drawn, list | tuple) else [drawn])]


def _picture(drawn: Any, name: str) -> np.ndarray:
    array = np.asarray(drawn)
    if array.ndim == 2:
        array = array[:, :, None]
    if drawn is None or array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.dtype.kind not in "uifb":
        what = f"an array of shape {array.shape}" if array.ndim else repr(drawn)
        raise NeurorlError(f"render() of environment '{name}' returned {what}; a film needs pictures of [height, width, 3]")
    if array.dtype.kind == "f" and array.max(initial=0.0) <= 1.0:
        array = array * 255.0
    array = np.broadcast_to(array[:, :, :3], (*array.shape[:2], 3))
    return np.clip(array, 0, 255).astype(np.uint8)


def _write_film(frames: list[np.ndarray], path: Path, fps: int) -> None:
    with extras.needed("a film", "render"):
        from moviepy import ImageSequenceClip
    path.parent.mkdir(parents=True, exist_ok=True)
    clip = ImageSequenceClip(alike(frames), fps=fps)
    if path.suffix.lower() == ".gif":
        clip.write_gif(str(path), logger=None)
    else:
        clip.write_videofile(str(path), logger=None)


def alike(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Return pictures of one size, in even numbers of pixels: players show no others. Edges are drawn out."""
    height, width = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    sides = (height + height % 2, width + width % 2)
    return [np.pad(f, ((0, sides[0] - f.shape[0]), (0, sides[1] - f.shape[1]), (0, 0)), "edge") for f in frames]
