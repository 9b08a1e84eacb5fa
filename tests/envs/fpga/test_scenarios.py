import jax
import pytest

from neurorl.envs.fpga import board, scenarios
from neurorl.envs.fpga.actions import command
from neurorl.envs.fpga.env import FpgaTelemetry
from neurorl.envs.fpga.types import MOVES, FaultClass
from neurorl.errors import NeurorlError

REPORT = """
| Design       : top
------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  TPWS Total Endpoints
    -------      -------  ---------------------  -------------------      -------      -------  ---------------------  -------------------     --------     --------  ----------------------  --------------------
    {wns:7.3f}        0.000                      0                 1000        {whs:7.3f}        0.000                      0                 1000        3.500        0.000                       0                   400


All user specified timing constraints are met.


------------------------------------------------------------------------------------------------
| Clock Summary
| -------------
------------------------------------------------------------------------------------------------

Clock  Waveform(ns)         Period(ns)      Frequency(MHz)
-----  ------------         ----------      --------------
clk    {{0.000 5.000}}        10.000          100.000
"""  # noqa: E501


@pytest.fixture
def report(tmp_path):
    def write(wns=1.0, whs=0.05):
        file = tmp_path / "timing.rpt"
        file.write_text(REPORT.format(wns=wns, whs=whs))
        return str(file)

    return write


def test_a_report_gives_the_board_its_slack_in_shares_of_its_period(report):
    p = FpgaTelemetry("report-driven", report(wns=1.0)).default_params
    assert p.wns_ns == pytest.approx(0.5)  # 1 of 10 ns is 0.5 of 5
    assert p.bad_build == 0
    assert p.sens_low == p.sens_high


def test_a_report_with_less_slack_makes_a_slower_board(report):
    key = jax.random.key(0)
    slacks = []
    for wns in (0.0, 2.0):
        p = scenarios.parameters("report-driven", report(wns=wns))
        slacks.append(float(board.step(p, board.init(p, key), command(MOVES // 2))[1].metrics.slack_ns))
    assert slacks[1] > slacks[0] + 0.5


def test_a_report_with_less_hold_slack_is_nearer_to_hold_faults(report):
    tight, wide = (scenarios.parameters("report-driven", report(whs=whs)) for whs in (0.0, 0.2))
    assert tight.hold_need_ns == pytest.approx(wide.hold_need_ns + 0.1, abs=1e-5)


@pytest.mark.parametrize("slack", [{"wns": -0.2}, {"whs": -0.05}])
def test_a_build_that_misses_its_timing_never_loads(report, slack):
    p = scenarios.parameters("report-driven", report(**slack))
    assert p.wns_ns >= 0
    state = board.init(p, jax.random.key(0))
    assert state.fallback
    _, out = board.step(p, state, command(MOVES + 1))
    assert out.faults[FaultClass.BAD_BITSTREAM]


def test_what_is_no_report_is_named(report, tmp_path):
    with pytest.raises(NeurorlError, match="needs a report"):
        FpgaTelemetry("report-driven")
    with pytest.raises(NeurorlError, match="takes no report"):
        FpgaTelemetry("nominal", report())
    with pytest.raises(NeurorlError, match="cannot be read"):
        FpgaTelemetry("report-driven", str(tmp_path / "none.rpt"))


def test_scenarios_differ_from_the_default_in_numbers_alone():
    default = scenarios.parameters("nominal")
    for name in scenarios.SCENARIOS:
        if name not in ("nominal", scenarios.REPORT_DRIVEN):
            p = scenarios.parameters(name)
            assert jax.tree.structure(p) == jax.tree.structure(default)
            assert jax.tree.leaves(p) != jax.tree.leaves(default)
