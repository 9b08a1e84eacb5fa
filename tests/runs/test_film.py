"""Films of whatever environments draw."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import neurorl
from neurorl.errors import NeurorlError
from neurorl.runs import film


class Drawn(gymnasium.Env):
    """Draws what subclasses say."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15}
    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(2)
    picture = np.zeros((101, 75, 3), np.uint8)
    opened: list[object] = []

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.opened.append(self)

    def close(self):
        self.opened.remove(self)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(2, np.float32), 1.0, self.steps == 4, False, {}

    def render(self):
        return self.picture


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return neurorl.train(
        Drawn, "random", seeds=2, steps=8, eval_every=8, eval_episodes=1, out=tmp_path_factory.mktemp("drawn") / "r"
    )


def filmed(run, monkeypatch, **changes):
    """Return the frames of a film of another kind of environment."""
    kind = type("Odd", (Drawn,), {"opened": [], **changes})
    frames = []
    monkeypatch.setattr(film, "_write_film", lambda pictures, path, fps: frames.extend(film.alike(pictures)))
    try:
        assert film.show(neurorl.load(run.path, env=kind), video=run.path / "film.mp4") == [4.0]
    finally:
        assert not kind.opened
    return frames


@pytest.mark.parametrize("size", [(101, 75), (100, 75), (101, 74), (100, 74)])
def test_pictures_have_even_sides(run, monkeypatch, size):
    frames = filmed(run, monkeypatch, picture=np.full((*size, 3), 9, np.uint8))
    assert {frame.shape for frame in frames} == {(size[0] + size[0] % 2, size[1] + size[1] % 2, 3)}
    assert {int(frame.min()) for frame in frames} == {9}


@pytest.mark.parametrize(
    "picture",
    [np.full((4, 6, 3), 0.5), np.full((4, 6, 3), 127.4, np.float32), np.full((4, 6), 127), np.full((4, 6, 4), 127, np.uint8)],
)
def test_pictures_of_other_kinds_are_understood(run, monkeypatch, picture):
    frames = filmed(run, monkeypatch, picture=picture)
    assert len(frames) == 4
    assert frames[0].shape == (4, 6, 3)
    assert frames[0].dtype == np.uint8
    np.testing.assert_allclose(frames[0], 127, atol=1)


def test_all_pictures_since_the_last_are_taken(run, monkeypatch):
    def render(self):
        return [np.full((4, 6, 3), self.steps, np.uint8)] * 2

    frames = filmed(run, monkeypatch, render=render, metadata={"render_modes": ["rgb_array_list"]})
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 0, 1, 1, 2, 2, 3, 3]


def draws_by_opengl(self):
    """Draw as MuJoCo does on a machine that has no OpenGL."""
    raise RuntimeError("an OpenGL platform library has not been loaded into this process")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"render": draws_by_opengl}, r"draws by OpenGL, which is not there: .*MUJOCO_GL=egl"),
        ({"picture": None}, r"render\(\) of environment 'Odd' returned None; a film needs pictures of \[height, width, 3\]"),
        ({"picture": "text"}, "returned 'text'; a film needs"),
        ({"picture": np.zeros(5)}, r"returned an array of shape \(5,\); a film needs"),
        ({"metadata": {"render_modes": ["ansi"]}}, "environment 'Odd' cannot be filmed: it has ansi, and a film needs rgb_array"),
        ({"metadata": {}}, "'Odd' cannot be filmed: it has no render mode"),
        (
            {"__init__": lambda self: self.opened.append(self)},
            r"environment 'Odd' cannot be drawn: .*unexpected keyword argument",
        ),
    ],
)
def test_what_cannot_be_filmed_is_said_in_a_sentence(run, monkeypatch, changes, says):
    with pytest.raises(NeurorlError, match=says):
        filmed(run, monkeypatch, **changes)


def test_an_environment_that_draws_without_being_asked_is_filmed(run, monkeypatch):
    def begin(self):
        self.render_mode = "rgb_array"
        self.opened.append(self)

    assert len(filmed(run, monkeypatch, __init__=begin)) == 4


def test_a_film_of_odd_size_plays(run, tmp_path):
    pytest.importorskip("moviepy")
    assert film.show(run, video=tmp_path / "film.mp4") == [4.0]
    from moviepy import VideoFileClip

    with VideoFileClip(str(tmp_path / "film.mp4")) as clip:
        assert clip.size == [76, 102]
