"""What do trained agents look like at work? Trains one of each kind, and films its best learner.

    python -m experiments.gallery [--only cartpole board]

Films go to ``docs/films``, small enough to be read with the pages: animated WebP, every few frames. Gymnasium's own
environments are filmed as ``neurorl evaluate DIR --video FILE`` does; MinAtar, which has no picture of its own, by its channels.
Runs go to ``runs/gallery``, and one that is complete is not trained again.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from PIL import Image

import neurorl
from neurorl.envs.gymnasium_env import JaxEnv
from neurorl.errors import NeurorlError
from neurorl.runs import film

FILMS = Path("docs/films")
RUNS = Path("runs/gallery")
CELL = 24  # pixels of a cell of MinAtar
# Colours of channels, the first in front.
COLOURS = np.array(
    [(232, 93, 74), (96, 165, 250), (245, 200, 80), (74, 200, 130), (178, 140, 250), (80, 205, 215), (240, 240, 240)], np.uint8
)


class Filmed(NamedTuple):
    """A film: what is trained, and how much of it is kept."""

    env_id: str
    agent: str
    steps: int  # environment steps of each learner
    seeds: int = 4
    every: int = 3  # frames of which one is kept
    most: int = 160  # frames kept
    width: int = 400  # pixels


TAKEN = {
    "cartpole": Filmed("CartPole-v1", "spiking-actor-critic", 20_000),
    "acrobot": Filmed("Acrobot-v1", "spiking-actor-critic", 30_000, every=1, width=300),
    "mountaincar": Filmed("MountainCar-v0", "spiking-sarsa", 60_000, every=1),
    "breakout": Filmed("Breakout-MinAtar", "spiking-deep", 1_000_000, every=1, width=240),
    "board": Filmed("neurorl/FpgaTelemetry-v0", "spiking-actor-critic", 400_000, every=8, most=75, width=560),
}


def main() -> None:
    """Train and film."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=TAKEN, default=list(TAKEN))
    for name in parser.parse_args().only:
        take(name, TAKEN[name])


def take(name: str, filmed: Filmed) -> None:
    """Train what a film shows, unless it is trained, and film it."""
    folder = RUNS / name
    try:
        run = neurorl.load(folder)
    except NeurorlError:
        run = neurorl.train(
            filmed.env_id, filmed.agent, seeds=filmed.seeds, steps=filmed.steps, eval_every=filmed.steps // 5, out=folder
        )
    last = run.evaluation[run.evaluation.env_step == run.evaluation.env_step.max()].set_index("seed").eval_return
    best = int(np.argmax(last.to_numpy()))
    with tempfile.TemporaryDirectory() as at:
        try:
            film.show(run, best, video=Path(at) / "film.mp4")
            frames = read(Path(at) / "film.mp4")
        except NeurorlError:
            frames = played(run, best)
    print(name, last.round(1).to_dict(), "best:", best, len(frames), "frames")
    write(frames, filmed, FILMS / f"{name}.webp")


def read(path: Path) -> list[np.ndarray]:
    """Return the frames of a film, each [height, width, 3] of uint8."""
    import imageio_ffmpeg

    reader = imageio_ffmpeg.read_frames(str(path))
    width, height = next(reader)["size"]
    return [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]


def played(run: Any, index: int) -> list[np.ndarray]:
    """Return the pictures of a greedy episode of an environment whose observations are images."""
    agent, task = run.agent(index), run.configuration.task
    env = gymnasium.wrappers.TimeLimit(JaxEnv(task.env, task.env_params), task.max_episode_steps)
    observation, _ = env.reset(seed=run.configuration.options.eval_seed)
    frames, over = [], False
    agent.reset()
    while not over:
        frames.append(drawn(np.asarray(observation)))
        observation, _, terminated, truncated, _ = env.step(agent.act(observation))
        over = terminated or truncated
    return frames


def drawn(image: np.ndarray, cell: int = CELL) -> np.ndarray:
    """Return an image of channels [height, width, channels] as a picture, [height, width, 3] of uint8: a colour a channel."""
    picture = np.full((*image.shape[:2], 3), 24, np.uint8)
    for channel in reversed(range(image.shape[2])):
        picture[image[:, :, channel] > 0] = COLOURS[channel % len(COLOURS)]
    return np.kron(picture, np.ones((cell, cell, 1), np.uint8))


def write(frames: list[np.ndarray], filmed: Filmed, path: Path) -> None:
    """Write some of the frames as an animated WebP."""
    kept = frames[:: filmed.every][: filmed.most]
    height = round(kept[0].shape[0] * filmed.width / kept[0].shape[1])
    small = [Image.fromarray(frame).resize((filmed.width, height), Image.Resampling.LANCZOS) for frame in kept]
    path.parent.mkdir(parents=True, exist_ok=True)
    small[0].save(path, save_all=True, append_images=small[1:], duration=60, loop=0, quality=60, method=4, minimize_size=True)
    print(path, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
