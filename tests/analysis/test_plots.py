import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from neurorl.analysis import plots
from neurorl.analysis.spike_train import trains
from neurorl.errors import NeurorlError

DT = 0.5
SPIKES = np.zeros((40, 3))
SPIKES[[4, 20, 30], [0, 1, 1]] = 1


def segments(axes):
    """Return the (time, neuron) at the middle of each line that marks a spike."""
    middles = [path.mean(0) for lines in axes.collections for path in lines.get_segments()]
    return sorted((float(x), float(y)) for x, y in middles)


def image(axes):
    axes.figure.canvas.draw()
    return np.asarray(axes.figure.canvas.buffer_rgba())


@pytest.mark.parametrize("spikes", [SPIKES, trains(SPIKES, DT)], ids=["raster", "trains"])
def test_raster_marks_every_spike_at_its_time_and_neuron(spikes):
    axes = plots.raster(spikes, DT)
    assert segments(axes) == [(2.0, 0.0), (10.0, 1.0), (15.0, 1.0)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time (ms)", "neuron")
    assert axes.get_xlim() == (0, 20)
    assert axes.get_legend() is None
    assert len(np.unique(image(axes))) > 10


def test_raster_of_many_neurons_has_dots_and_a_colour_for_each_population():
    spikes = (np.random.default_rng(0).random((100, 500)) < 0.02).astype(float)
    axes = plots.raster(spikes, 1.0, {"excitatory": 400, "inhibitory": 100})
    dots = [collection.get_offsets() for collection in axes.collections]
    assert sum(map(len, dots)) == spikes.sum()
    assert dots[0][:, 1].max() < 400 <= dots[1][:, 1].min()
    marked = np.zeros_like(spikes)
    for x, y in np.concatenate(dots).astype(int):
        marked[x, y] = 1
    np.testing.assert_array_equal(marked, spikes)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["inhibitory", "excitatory"]  # as they lie
    assert len({tuple(c.get_facecolor()[0]) for c in axes.collections}) == 2
    image(axes)


def test_a_silent_raster_is_drawn():
    axes = plots.raster(np.zeros((10, 2)), 1.0, {"a": 2, "none": 0})
    assert segments(axes) == []
    image(axes)


def test_voltage_is_drawn_in_mv_with_a_tick_above_it_for_every_spike():
    v = -70 + 10 * np.random.default_rng(0).random((40, 3))
    axes = plots.voltage(v, DT, SPIKES, threshold=-55.0)
    traces = [line for line in axes.lines if len(line.get_xdata()) == 40]
    np.testing.assert_array_equal([line.get_ydata() for line in traces], v.T)
    np.testing.assert_array_equal(traces[0].get_xdata(), np.arange(40) * DT)
    assert [time for time, _ in segments(axes)] == [2.0, 10.0, 15.0]
    assert all(height > -55 for _, height in segments(axes))
    assert axes.get_ylabel() == "membrane potential (mV)"
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["neuron 0", "neuron 1", "neuron 2", "threshold"]
    image(axes)


def test_one_neuron_needs_no_name():
    axes = plots.voltage(np.full(20, -70.0), 1.0, np.zeros(20))
    assert axes.get_legend() is None
    image(axes)
    named = plots.voltage(np.zeros(20), labels=["adapting"])
    assert [t.get_text() for t in named.get_legend().get_texts()] == ["adapting"]


@pytest.mark.parametrize(("signed", "limits"), [(False, (0, 0.9)), (True, (-0.9, 0.9))])
def test_weight_matrix_has_one_pixel_a_synapse_and_zero_in_the_middle_of_signed_colours(signed, limits):
    weights = np.linspace(0, 0.9, 12).reshape(3, 4)
    weights[0, 1] = np.nan
    weights[1, 1] *= -1 if signed else 1
    axes = plots.weight_matrix(weights)
    drawn = axes.images[0]
    np.testing.assert_array_equal(drawn.get_array().filled(np.nan), weights)
    assert drawn.get_clim() == pytest.approx(limits)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("presynaptic neuron", "postsynaptic neuron")
    assert axes.figure.axes[1].get_ylabel() == "weight"
    image(axes)
    assert plots.weight_matrix(weights, limit=2.0).images[0].get_clim()[1] == 2.0


def test_weight_histogram_counts_every_synapse():
    weights = np.array([[0.0, 0.1, np.nan], [0.9, 1.0, 1.0]])
    axes = plots.weight_histogram(weights, bins=10, bounds=(0.0, 1.0))
    assert [bar.get_height() for bar in axes.patches] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["5 synapses, mean 0.6", "bounds"]
    image(axes)
    image(plots.weight_histogram(np.zeros((3, 3))))


def test_plots_are_drawn_into_given_axes():
    figure = Figure()
    panels = figure.subplots(2, 2).ravel()
    assert plots.raster(SPIKES, DT, axes=panels[0]) is panels[0]
    assert plots.voltage(SPIKES - 70, DT, SPIKES, axes=panels[1]) is panels[1]
    assert plots.weight_matrix(np.eye(3), axes=panels[2]) is panels[2]
    assert plots.weight_histogram(np.eye(3), axes=panels[3]) is panels[3]


def test_matplotlib_is_imported_on_first_use_and_pyplot_never():
    script = """
import sys
import numpy as np
from neurorl.analysis import plots
assert "matplotlib" not in sys.modules
plots.raster(np.eye(3))
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: plots.raster(SPIKES, DT, {"a": 2}), "'populations' add up to 2 neurons, but there are 3"),
        (lambda: plots.raster(2 * SPIKES, DT), "'raster' has 2.0"),
        (lambda: plots.voltage(SPIKES, DT, SPIKES[:20]), r"'spikes' has the shape \(20, 3\), and 'v' \(40, 3\)"),
        (lambda: plots.voltage(SPIKES, DT, SPIKES[:, 0]), r"'spikes' has the shape \(40, 1\)"),
        (lambda: plots.weight_matrix(np.zeros(5)), r"'weights' has the shape \(5,\)"),
    ],
)
def test_impossible_input_is_refused(wrong, message):
    with pytest.raises(NeurorlError, match=message):
        wrong()
