"""Spikes and signals to pandas, Neo and NWB and back, with their units and the ends of the session."""

import datetime
import json

import numpy as np
import pytest

from neurorl import Network, NetworkConfig, NeurorlError, exchange
from neurorl.cli import main
from neurorl.exchange import Recorded, Signal, from_pandas, of_episode, of_record, to_pandas
from neurorl.networks import Monitor

T_START, T_STOP = 250.0, 1250.5


def session():
    """Return a session that begins late, with a silent neuron, a spike at either end, and a signal."""
    rng = np.random.default_rng(0)
    busy = np.sort(rng.uniform(T_START, T_STOP, 40))
    spikes = {"a population": [np.array([T_START, 300.1, T_STOP]), np.zeros(0), busy], "b": [np.array([777.7])]}
    return Recorded(spikes, T_START, T_STOP, {"a v": Signal(rng.normal(size=(50, 2)), 0.5, 250.5, "mV")})


def same(one, other, signals=True, atol=1e-9):
    assert list(one.spikes) == list(other.spikes)
    for name, trains in one.spikes.items():
        assert len(trains) == len(other.spikes[name])
        for a, b in zip(trains, other.spikes[name], strict=True):
            np.testing.assert_allclose(a, b, atol=atol, rtol=0)
    assert (other.t_start, other.t_stop) == pytest.approx((one.t_start, one.t_stop), abs=atol)
    assert set(other.signals) == (set(one.signals) if signals else set())
    for name, signal in other.signals.items():
        np.testing.assert_allclose(signal.values, one.signals[name].values)
        assert (signal.dt, signal.t_start) == pytest.approx((one.signals[name].dt, one.signals[name].t_start))
        assert signal.unit == one.signals[name].unit


def test_a_table_has_a_row_a_spike_and_comes_back():
    table = to_pandas(session())
    assert list(table.columns) == ["population", "neuron", "time_ms"]
    assert len(table) == 44
    assert table["time_ms"].is_monotonic_increasing
    same(session(), from_pandas(table), signals=False, atol=0.0)
    table.attrs.clear()
    bare = from_pandas(table)
    assert (len(bare.spikes["a population"]), bare.t_start) == (3, 0.0)
    with pytest.raises(NeurorlError, match="no column 'neuron'"):
        from_pandas(table.drop(columns="neuron"))
    with pytest.raises(NeurorlError, match="the population has 2, from 0 on"):
        from_pandas(table, sizes={"a population": 2})


def test_neo_has_the_units_and_the_ends_and_comes_back():
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    block = exchange.to_neo(session())
    train = block.segments[0].spiketrains[2]
    assert (train.name, train.annotations["population"], train.annotations["neuron"]) == ("a population[2]", "a population", 2)
    assert train.units == pq.ms
    assert train.t_start == T_START * pq.ms
    assert float(train.t_stop.rescale("s")) == pytest.approx(1.2505)
    signal = block.segments[0].analogsignals[0]
    assert signal.units == pq.mV
    assert float(signal.sampling_rate.rescale("Hz")) == pytest.approx(2000.0)
    same(session(), exchange.from_neo(block))
    # In other units, by another program, without our annotations.
    foreign = [neo.SpikeTrain([0.3, 0.9], units="s", t_start=0.25, t_stop=1.0), neo.SpikeTrain([400.0], units="ms", t_stop=900.0)]
    read = exchange.from_neo(foreign)
    assert (read.t_start, read.t_stop) == (0.0, 1000.0)
    np.testing.assert_allclose(read.spikes["units"][0], [300.0, 900.0])
    with pytest.raises(NeurorlError, match="the block has 0 segments"):
        exchange.from_neo(neo.Block())
    with pytest.raises(NeurorlError, match="there is no spike train"):
        exchange.from_neo([])


def test_nwb_counts_in_seconds_and_comes_back(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path, begun = tmp_path / "session.nwb", datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    exchange.write_nwb(session(), path, "a test", begun)
    same(session(), exchange.read_nwb(path))
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        assert (file.session_description, file.session_start_time) == ("a test", begun)
        np.testing.assert_allclose(file.units["obs_intervals"][0], [[0.25, 1.2505]])
        np.testing.assert_allclose(file.units["spike_times"][0], [0.25, 0.3001, 1.2505])
        assert file.acquisition["a v"].unit == "mV"
    assert pynwb.validate(path=str(path)) in ([], ([], 0))
    (tmp_path / "text.nwb").write_text("no file of NWB")
    with pytest.raises(NeurorlError, match="cannot be read as NWB"):
        exchange.read_nwb(tmp_path / "text.nwb")
    with pytest.raises(NeurorlError, match="there is no file"):
        exchange.read_nwb(tmp_path / "nothing.nwb")


def test_a_foreign_nwb_file_without_our_columns_is_read(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    file = pynwb.NWBFile("foreign", "id", datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
    with pynwb.NWBHDF5IO(str(tmp_path / "empty.nwb"), "w") as io:
        io.write(file)
    with pytest.raises(NeurorlError, match="has no units"):
        exchange.read_nwb(tmp_path / "empty.nwb")
    file = pynwb.NWBFile("foreign", "id", datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
    file.add_unit(spike_times=[0.1, 0.5])
    file.add_unit(spike_times=[0.2])
    with pynwb.NWBHDF5IO(str(tmp_path / "foreign.nwb"), "w") as io:
        io.write(file)
    read = exchange.read_nwb(tmp_path / "foreign.nwb")
    np.testing.assert_allclose(read.spikes["units"][0], [100.0, 500.0])
    assert read.t_start == 0.0
    assert exchange.read_nwb(tmp_path / "foreign.nwb", t_stop=2000.0).t_stop == 2000.0


def test_a_record_of_a_network_in_either_form_and_its_rasters():
    network = Network(NetworkConfig(dt=0.5))
    network.add_population(4, "sensory", neuron="relay")
    raster = (np.random.default_rng(1).random((60, 4)) < 0.3).astype(float)
    _, record = network.run(network.init(), 60, spikes={"sensory": raster}, voltages=["sensory"])
    recorded = of_record(record, t_start=10.0)
    assert (recorded.t_start, recorded.t_stop) == (10.0, 40.0)
    np.testing.assert_array_equal(recorded.spikes["sensory"][2], 10.0 + 0.5 * np.flatnonzero(raster[:, 2]))
    np.testing.assert_array_equal(recorded.rasters(0.5)["sensory"], raster)
    assert recorded.signals["sensory v"].values.shape == (60, 4)
    _, events = network.run(network.init(), 60, spikes={"sensory": raster}, record=Monitor(form="events"))
    same(recorded, of_record(events, 10.0, sizes={"sensory": 4}, steps=60), signals=False)
    with pytest.raises(NeurorlError, match="the record holds events: give 'sizes'"):
        of_record(events)
    _, counts = network.run(network.init(), 60, spikes={"sensory": raster}, record=Monitor(form="counts"))
    with pytest.raises(NeurorlError, match="counts, which have no times"):
        of_record(counts)
    _, copies = network.run(network.init(copies=2), 60, spikes={"sensory": raster}, copies=2)
    same(recorded, of_record(copies, 10.0, copy=1), signals=False)
    with pytest.raises(NeurorlError, match="say which 'copy'"):
        of_record(copies)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Recorded({"a": [np.array([5.0])]}, 0.0, 4.0),
            r"neuron 0 of 'a' has a spike at .* ms, outside of",
        ),
        (lambda: Recorded({}, 4.0, 4.0), "the one must be below the other"),
        (lambda: Signal(np.zeros(3), 1.0), r"the shape \(3,\)"),
        (lambda: Signal(np.zeros((3, 1)), 0.0), "'dt' of a signal is 0.0 ms"),
    ],
)
def test_bad_input_is_a_sentence(make, says):
    with pytest.raises(NeurorlError, match=says):
        make()


def test_an_episode_of_a_run_has_its_spikes_and_signals(finished_run, tmp_path, capsys):
    pytest.importorskip("pynwb")
    recorded = of_episode(finished_run, index=1)
    substeps = finished_run.values["agent"]["encoder"]["substeps"]
    steps = len(recorded.signals["reward"].values)
    assert {"reward", "value", "dopamine"} <= set(recorded.signals)
    assert recorded.t_stop == steps * substeps
    assert recorded.signals["reward"].values[1:].sum() == steps - 1
    assert sum(len(times) for times in recorded.spikes["input"]) > 0
    assert main(["export", str(finished_run.path), "--nwb", str(tmp_path / "a.nwb"), "--seed-index", "1"]) == 0
    assert "units" in capsys.readouterr().out
    same(recorded, exchange.read_nwb(tmp_path / "a.nwb"))
    assert json.loads(json.dumps(list(recorded.spikes)))
