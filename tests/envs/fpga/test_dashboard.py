"""The picture of the board: its shape, and that what happens can be seen in it."""

import math

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurorl

pygame = pytest.importorskip("pygame", reason="needs the extra render")
dashboard = pytest.importorskip("neurorl.envs.fpga.dashboard", reason="needs the extra render")
assert neurorl
DISCRETE = "neurorl/FpgaTelemetry-v0"


@pytest.fixture
def env():
    made = gymnasium.make(DISCRETE, render_mode="rgb_array").unwrapped
    made.reset(seed=0)
    return made


def share(picture, colour):
    """Return the share of pixels of a colour."""
    return (np.abs(picture.astype(int) - colour).max(-1) <= 2).mean()


def test_a_picture_is_rgb_and_needs_no_display(env, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    picture = env.render()
    assert picture.shape == (700, 1120, 3)
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_lines_grow_with_the_ticks(env):
    for _ in range(3):
        env.step(13)
    early = env.render()
    for _ in range(100):
        env.step(13)
    late = env.render()
    assert share(late, dashboard.BLUE) > 1.5 * share(early, dashboard.BLUE)


def test_a_fault_lights_its_lamp_and_the_status(env):
    running = env.render()
    calm = {c: share(running, c) for c in (dashboard.GREEN, dashboard.RED)}
    for _ in range(40):
        _, _, _, _, info = env.step(9 * 2 + 3 * 0 + 1)  # faster at an ever lower voltage, until it crashes
        if info["metrics"].crashed:
            break
    assert info["metrics"].crashed
    crashed = env.render()
    assert share(crashed, dashboard.RED) > calm[dashboard.RED] + 0.005  # the pill that said "running" says "down"
    assert share(crashed, dashboard.GREEN) < calm[dashboard.GREEN]


@given(chart=st.sampled_from(dashboard.CHARTS), values=st.lists(st.floats(-2000, 2000) | st.just(math.nan), max_size=5))
def test_an_axis_holds_every_value_of_its_chart(chart, values):
    marks = dashboard._marks(chart, values)
    assert marks[0] <= np.nanmin([chart.low, *values]) + 1e-6
    assert marks[-1] >= np.nanmax([chart.high, *values]) - 1e-6
    assert 3 <= len(marks) <= 7
    assert marks.round(9)[0] <= 0 or marks[0] == pytest.approx(chart.low)  # a mark is at zero wherever zero is on the axis
    np.testing.assert_allclose(np.diff(marks), marks[1] - marks[0])


def test_what_lies_beyond_the_usual_range_is_drawn_where_it_is(env):
    """A board that is down runs at 0 MHz, below the slowest clock that can be set; its slack is above 1.5 ns."""
    slowest = env.step(0)[0][0]
    clock = dashboard._marks(dashboard.CHARTS[0], [slowest, 0.0])
    assert clock[0] <= 0.0
    for _ in range(25):
        _, _, _, _, info = env.step(9 * 0 + 3 * 1 + 1)
    assert info["metrics"].slack_ns > 2.0
    history = env._viewer._history
    chart = next(chart for chart in dashboard.CHARTS if chart.title.startswith("Slack"))
    marks = dashboard._marks(chart, [v for line in chart.lines for v in history[line.key]])
    assert marks[-1] >= info["metrics"].slack_ns
    assert marks[0] <= -0.5
    env.render()


def test_every_fault_has_a_lamp_and_a_missing_reading_is_a_gap(env):
    assert list(dashboard.LAMPS) == list(dashboard.FaultClass)
    lines = dashboard._pieces(np.stack([np.arange(6.0), [1.0, 2.0, np.nan, 3.0, np.nan, 4.0]], axis=1))
    assert [line.tolist() for line in lines] == [[[0.0, 1.0], [1.0, 2.0]]]
    assert dashboard._pieces(np.empty((0, 2))) == []


def test_a_vector_of_boards_gives_a_picture_each():
    envs = gymnasium.make_vec(DISCRETE, 2, vectorization_mode="vector_entry_point", render_mode="rgb_array")
    envs.reset(seed=0)
    envs.step(np.array([13, 22]))
    pictures = envs.render()
    assert [p.shape for p in pictures] == [(700, 1120, 3)] * 2
    assert not np.array_equal(*pictures)
    envs.close()


def test_a_window_is_opened_and_closed(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    made = gymnasium.make(DISCRETE, render_mode="human")
    made.reset(seed=0)
    made.step(13)
    assert dashboard.pygame.display.get_surface().get_size() == dashboard.SIZE
    made.close()
    assert not dashboard.pygame.display.get_init()


def test_another_environment_that_closes_pygame_takes_no_text_away(env):
    """Gymnasium's own environments call ``pygame.quit()`` when they close, which ends every font of the process."""
    before = env.render()
    pygame.quit()
    np.testing.assert_array_equal(env.render(), before)
