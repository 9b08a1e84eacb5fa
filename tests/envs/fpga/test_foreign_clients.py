"""Programs that know nothing of this package, on the board: Stable-Baselines3 learns, Gymnasium's wrapper films."""

import warnings

import gymnasium
import numpy as np
import pytest

import neurorl

assert neurorl  # its import registers the board
DISCRETE = "neurorl/FpgaTelemetry-v0"


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"actions": "set-points", "derived": True}], ids=["moves", "set-points"])
def test_stable_baselines_ppo_trains_on_it(options):
    sb3 = pytest.importorskip("stable_baselines3", reason="needs the extra sb3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PPO on a GPU, and the like, are not ours
        model = sb3.PPO("MlpPolicy", gymnasium.make(DISCRETE, **options), n_steps=256, batch_size=64, seed=0, device="cpu")
        before = [p.detach().clone() for p in model.policy.parameters()]
        model.learn(1024)
    assert model.num_timesteps == 1024
    assert any((a != b).any() for a, b in zip(before, model.policy.parameters(), strict=True))
    env = gymnasium.make(DISCRETE, **options)
    action, _ = model.predict(env.reset(seed=0)[0], deterministic=True)
    assert env.action_space.contains(np.asarray(action, env.action_space.dtype)[()])


def test_record_video_makes_a_film(tmp_path):
    moviepy = pytest.importorskip("moviepy", reason="needs the extra render")
    env = gymnasium.make(DISCRETE, render_mode="rgb_array", max_episode_steps=12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film = gymnasium.wrappers.RecordVideo(env, str(tmp_path), episode_trigger=lambda _: True)
        film.reset(seed=0)
        for _ in range(12):
            film.step(13)
        film.close()
    (path,) = tmp_path.glob("*.mp4")
    with moviepy.VideoFileClip(str(path)) as clip:
        frames = list(clip.iter_frames())
    assert len(frames) == 13
    assert frames[0].shape == (700, 1120, 3)
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 50  # something moved
