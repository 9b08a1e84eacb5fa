"""Figures: what they say of themselves, and that any recording can be drawn."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from neurorl.errors import NeurorlError
from neurorl.results import episode_figure, figures
from neurorl.results.curves import Grid


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved."""
    found = []
    monkeypatch.setattr(episode_figure, "save", lambda figure, path: found.append(figure))
    monkeypatch.setattr(figures, "save", lambda figure, path: found.append(figure))
    return found


def ticks(axis, figure):
    figure.canvas.draw()
    low, high = axis.get_view_interval()
    return [tick for tick in axis.get_majorticklocs() if low <= tick <= high]


@pytest.mark.parametrize("neurons", [1, 2, 4, 18, 30, 384, 5000])
@pytest.mark.parametrize("steps", [1, 3, 57])
def test_ticks_are_few_whole_numbers_for_any_population_and_any_episode(drawn, neurons, steps):
    spikes = np.random.default_rng(0).random((steps, 4, neurons)) < 0.3
    episode_figure.draw({"motor": spikes}, {"reward": np.ones(steps)}, "title", None)
    (figure,) = drawn
    for axes in figure.axes:
        for axis in (axes.xaxis, *([axes.yaxis] if axes is figure.axes[-1] else [])):
            at = ticks(axis, figure)
            assert 1 <= len(at) <= 12
            assert all(float(tick).is_integer() for tick in at)
    low, high = figure.axes[-1].get_ylim()
    assert low < 0
    assert high > neurons - 1


def test_every_population_and_every_group_of_signals_has_a_panel_in_their_order(drawn):
    spikes = {name: np.ones((5, 2, n), bool) for name, n in (("retina", 9), ("hidden", 30), ("motor", 1))}
    signals = {name: np.zeros(5) for name in ("value", "modulators/dopamine", "modulators/serotonin", "reward")}
    episode_figure.draw(spikes, signals, "title", None)
    (figure,) = drawn
    labels = [axes.texts[0].get_text() for axes in figure.axes]
    assert labels == ["value", "modulators", "reward", "retina\n9 neurons", "hidden\n30 neurons", "motor\n1 neuron"]
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ["dopamine", "serotonin"]
    heights = [axes.get_position().height for axes in figure.axes[3:]]
    assert heights[1] > heights[0] > heights[2]


@pytest.mark.parametrize(("spikes", "signals"), [({}, {"reward": np.ones(3)}), ({"a": np.zeros((3, 2, 4))}, {})])
def test_a_recording_without_spikes_or_without_signals_is_drawn(drawn, spikes, signals):
    episode_figure.draw(spikes, signals, "title", None)
    assert len(drawn[0].axes) == 1


def test_several_spikes_in_a_substep_are_told_from_one(drawn):
    counts = np.zeros((3, 2, 2), int)
    counts[0, 0], counts[1, 1, 0] = (1, 3), 2
    episode_figure.draw({"critic": counts}, {}, "title", None)
    (marks,) = drawn[0].axes[0].collections
    assert sorted(marks.get_alpha()) == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert "3 spikes in a substep" in drawn[0].axes[0].get_title("right")


def test_the_learning_curve_explains_its_band_and_its_lines(drawn, finished_run):
    figures.learning_curve([finished_run], None)
    legend = [text.get_text() for text in drawn[0].axes[1].get_legend().get_texts()]
    assert {"interquartile mean", "95 % bootstrap interval over seeds", "each seed"} <= set(legend)
    figures.learning_curve([finished_run, finished_run], None)
    assert "95 % bootstrap interval over seeds" in drawn[1].get_suptitle()


def test_one_seed_has_no_band_to_explain():
    axes = Figure().subplots()
    figures.band(axes, Grid(np.arange(3), np.ones((1, 3))), "x", "C0", single=True)
    assert axes.get_legend_handles_labels()[1] == ["x", "each seed"]


@pytest.mark.parametrize("name", ["curve", "curve.xyz", "curve.txt", "nowhere/curve.png"])
def test_a_figure_that_cannot_be_is_refused_in_a_sentence(tmp_path, monkeypatch, finished_run, capsys, name):
    from neurorl import cli

    monkeypatch.chdir(tmp_path)
    says = "there is no folder" if "nowhere" in name else r"must end in \.png, \.pdf, \.svg"
    with pytest.raises(NeurorlError, match=says):
        finished_run.plot(name)
    for command in ("plot", "compare"):
        assert cli.main([command, str(finished_run.path), "--out", name]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert name in err
    assert list(tmp_path.iterdir()) == []
