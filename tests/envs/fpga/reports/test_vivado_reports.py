import json
import math
from pathlib import Path

import pytest

from neurorl import persistence
from neurorl.envs.fpga import reports

WRITTEN = Path(__file__).parent / "written"


@pytest.fixture(scope="module")
def timing():
    return reports.read(WRITTEN / "timing.rpt").timing


def test_every_fixture_is_read_whole():
    for file in sorted(WRITTEN.iterdir()):
        metrics = reports.read(file)
        assert not metrics.partial, file.name
        assert metrics.warnings == (), file.name
        json.dumps(reports.as_dict(metrics))


def test_the_summary_of_the_design(timing):
    s = timing.slacks
    assert (s.wns_ns, s.tns_ns, s.tns_failing_endpoints, s.tns_total_endpoints) == (-0.412, -1.730, 6, 2400)
    assert (s.whs_ns, s.ths_ns, s.ths_failing_endpoints, s.ths_total_endpoints) == (0.031, 0.0, 0, 2398)
    assert (s.wpws_ns, s.tpws_ns, s.tpws_failing_endpoints, s.tpws_total_endpoints) == (1.5, 0.0, 0, 911)
    assert timing.verdict == "not_met"


def test_clocks_with_their_slack_where_only_some_cells_are_filled(timing):
    clocks = {clock.name: clock for clock in timing.clocks}
    assert [clock.depth for clock in timing.clocks] == [0, 1, 2, 1]
    assert clocks["core"].waveform_ns == (0.0, 4.0)
    assert (clocks["fast"].period_ns, clocks["fast"].frequency_mhz) == (4.0, 250.0)
    assert clocks["board_clk"].slacks.wns_ns is None
    assert (clocks["board_clk"].slacks.wpws_ns, clocks["board_clk"].slacks.tpws_total_endpoints) == (3.0, 1)
    assert clocks["core_div"].slacks.wns_ns == math.inf
    assert clocks["fast"].slacks.tns_failing_endpoints == 1


def test_path_groups_between_clocks_and_of_the_user(timing):
    by_kind = {kind: [g for g in timing.groups if g.kind == kind] for kind in ("intra", "inter", "other")}
    assert [g.clock for g in by_kind["inter"]] == ["fast->core", "core->fast"]
    assert by_kind["inter"][1].slacks.wns_ns is None
    assert by_kind["inter"][1].slacks.whs_ns == 0.2
    assert (by_kind["other"][0].name, by_kind["other"][0].slacks.whs_ns) == ("**async_default**", 0.41)
    ignored, unconstrained = timing.untimed
    assert (ignored.kind, ignored.from_clock, ignored.to_clock, ignored.max_delay_endpoints) == ("ignored", "core", "fast", 2)
    assert (unconstrained.kind, unconstrained.from_clock, unconstrained.to_clock) == ("unconstrained", None, "core")
    assert unconstrained.min_delay_endpoints == 7


def test_the_worst_path_is_of_the_group_that_sets_wns(timing):
    worst = timing.worst_setup
    assert (worst.slack_ns, worst.kind, worst.clock, worst.period_ns) == (-0.412, "inter", "fast->core", 8.0)
    path = worst.path
    assert (path.source, path.destination, path.path_group) == ("link/flag_reg/C", "sync/meta_reg/D", "core")
    assert (path.check, path.path_type) == ("setup", "Setup (Max at Slow Process Corner)")
    assert (path.requirement_ns, path.requirement_edges) == (4.0, "core rise@8.000ns - fast rise@4.000ns")
    assert (path.data_path_delay_ns, path.logic_ns, path.route_ns) == (4.25, 1.062, 3.188)
    assert path.logic_share == pytest.approx(1.062 / 4.25)
    assert (path.logic_levels, path.logic_cells) == (2, {"LUT4": 1, "LUT5": 1})
    assert (path.clock_path_skew_ns, path.clock_uncertainty_ns, path.from_clock, path.to_clock) == (-0.045, 0.035, "fast", "core")
    assert timing.worst_hold.path.destination == "fifo/b_reg/D"
    assert timing.worst_pulse_width.slack_ns == 1.5
    assert timing.worst_pulse_width.clock == "fast"


def test_slack_is_what_arrival_leaves_of_the_required_time(timing):
    timed = [path for path in timing.paths if math.isfinite(path.slack_ns)]
    assert len(timed) == 9
    for path in timed:
        left = path.required_ns - path.arrival_ns
        assert path.slack_ns == pytest.approx(left if path.check == "setup" else -left)
    assert sum(path.slack_ns == math.inf for path in timing.paths) == 4


def test_checks_settings_and_the_methodology_of_a_timing_summary(timing):
    assert {check.name: check.count for check in timing.checks} == {"no_clock": 0, "no_input_delay": 5}
    assert [(f.count, f.severity) for f in timing.checks[1].findings] == [(4, "HIGH"), (1, "LOW")]
    assert timing.settings["Enable Pessimism Removal"] == "Yes"
    rules = reports.read(WRITTEN / "timing.rpt").methodology.rules
    assert [(rule.rule, rule.violations) for rule in rules] == [("TIMING-6", 2), ("TIMING-18", 5)]


def test_utilization():
    used = reports.read(WRITTEN / "utilization.rpt").utilization
    assert (used.lut.used, used.lut.prohibited, used.lut.available, used.lut.percent) == (60123, 12, 47232, 127.3)
    assert (used.ff.percent, used.ff.percent_below) == (0.01, True), "an upper bound, not zero"
    assert (used.bram.used, used.dsp.used, used.io.fixed, used.uram) == (10.5, 48, 30, None)
    rows = {row.name: row for row in used.resources}
    assert (rows["LUT as Shift Register"].depth, rows["LUT as Shift Register"].available) == (2, None)
    assert rows["LUT6"].table == "Primitives"
    assert not used.lut.percent_below


def test_hierarchical_utilization():
    used = reports.read(WRITTEN / "hierarchical.rpt").utilization
    assert [(i.name, i.depth) for i in used.instances][-2:] == [("shifter", 2), ("fifo", 1)]
    assert used.instances[2].used["Total LUTs"] == 1000
    assert (used.lut.used, used.lut.percent, used.ff.used, used.bram.used, used.dsp.used) == (1200, 30.0, 900, 3.5, 4)


def test_power():
    power = reports.read(WRITTEN / "power.rpt").power
    assert (power.total_power_w, power.dynamic_power_w, power.static_power_w) == (9.531, 9.12, 0.411)
    assert (power.junction_temperature_c, power.theta_ja_c_per_w, power.ambient_temperature_c) == (125.0, 11.5, 25.0)
    assert (power.max_ambient_temperature_c, power.power_budget_w, power.confidence_level) == (0.0, None, "Medium")
    assert "Total On-Chip Power (W): 9.531 (Junction temp exceeded!)" in power.power_remarks
    components = {component.name: component for component in power.components}
    assert (components["BUFG"].power_w, components["BUFG"].power_below, components["BUFG"].depth) == (0.001, True, 1)
    assert components["Clocks"].available is None
    assert power.rails[0].dynamic_a == 1.428
    assert [(i.name, i.depth) for i in power.power_hierarchy] == [("heron_top", 0), ("alu", 1), ("mul", 2), ("fifo", 1)]


def test_methodology_where_a_bar_stands_in_a_cell():
    rated = reports.read(WRITTEN / "methodology.rpt").methodology
    assert rated.violations_found == 3
    assert [(rule.rule, rule.severity, rule.violations) for rule in rated.rules] == [
        ("TIMING-6", "Critical Warning", 1),
        ("LUTAR-1", "Warning", 2),
    ]
    assert rated.by_severity == {"Critical Warning": 1, "Warning": 2}


def test_an_excerpt_gives_what_it_contains():
    metrics = reports.read(WRITTEN / "excerpt.md")
    assert (metrics.kind, metrics.header.vivado, metrics.power) == ("excerpt", "2018.3", None)
    slacks = metrics.timing.slacks
    assert (slacks.wns_ns, slacks.whs_ns, slacks.ths_ns, slacks.ths_total_endpoints, slacks.wpws_ns) == (
        0.0,
        -0.02,
        -0.035,
        None,
        None,
    )
    assert metrics.timing.verdict == "not_met"
    assert (metrics.utilization.lut.used, metrics.utilization.bram.available, metrics.utilization.ff) == (2607, 140, None)


def test_hold_only_and_missing_header_and_cells_without_dashes():
    text = """Timing Summary Report

    WHS(ns)      THS(ns)  THS Failing Endpoints  THS Total Endpoints
     -0.050       -0.150                      3                   40

From Clock    To Clock          WHS(ns)      THS(ns)  THS Failing Endpoints  THS Total Endpoints
----------    --------          -------      -------  ---------------------  -------------------
a             b                  -0.050       -0.150                      3                   40

"""
    timing = reports.parse(text).timing
    assert (timing.slacks.wns_ns, timing.slacks.whs_ns, timing.slacks.ths_failing_endpoints) == (None, -0.05, 3)
    assert timing.worst_setup is None
    assert (timing.worst_hold.kind, timing.worst_hold.clock, timing.worst_hold.path) == ("inter", "a->b", None)


def test_paths_alone_as_report_timing_writes_them():
    text = (WRITTEN / "timing.rpt").read_text()
    start = text.index("Slack (VIOLATED) :        -0.412ns")
    one = reports.parse("Timing Report\n\n" + text[start : text.index("\n\n\n", start)] + "\n")
    assert (one.kind, one.partial, one.timing.slacks.wns_ns) == ("timing", False, None)
    assert (one.timing.worst_setup.kind, one.timing.worst_setup.clock) == ("inter", "fast->core")
    assert one.timing.worst_setup.period_ns == 8.0


def test_a_wide_number_and_a_name_with_dashes_stay_in_their_columns():
    text = """Clock         WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints     WPWS(ns)
-----         -------      -------  ---------------------  -------------------     --------
a/b-c[0]     -21.592 -1266643.016                   8376               157098        3.750
x                                                                                    2.000

"""
    first, second = reports.parse(text).timing.groups
    assert (first.clock, first.slacks.wns_ns, first.slacks.tns_ns, first.slacks.wpws_ns) == (
        "a/b-c[0]",
        -21.592,
        -1266643.016,
        3.75,
    )
    assert (second.slacks.wns_ns, second.slacks.wpws_ns) == (None, 2.0)


def test_several_reports_in_one_file_and_gathered_from_files():
    texts = [(WRITTEN / f"{name}.rpt").read_text() for name in ("timing", "utilization", "power")]
    together = reports.parse("\n".join(texts))
    apart = reports.gather(*map(reports.parse, texts))
    for metrics in (together, apart):
        assert metrics.timing.slacks.wns_ns == -0.412
        assert metrics.utilization.dsp.used == 48
        assert metrics.power.theta_ja_c_per_w == 11.5
    again = reports.parse(texts[0] + texts[0])
    assert again.timing == reports.parse(texts[0]).timing
    assert again.partial
    assert "a second 'Timing Summary Report' begins here" in again.warnings[0]


def test_the_keys_of_json_stand_in_order():
    keys = list(reports.as_dict(reports.read(WRITTEN / "timing.rpt")))
    assert keys[:7] == ["kind", "wns_ns", "tns_ns", "whs_ns", "ths_ns", "wpws_ns", "tpws_ns"]
    assert keys.index("clocks") < keys.index("paths")


def test_metrics_survive_json_of_the_library():
    for file in sorted(WRITTEN.iterdir()):
        metrics = reports.read(file)
        assert persistence.from_json(persistence.to_json(metrics)) == metrics


def test_a_path_group_may_lack_a_clock():
    text = """Path Group     From Clock    To Clock          WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
----------     ----------    --------          -------      -------  ---------------------  -------------------
**default**    core                              1.250        0.000                      0                   12
**default**                  core                0.750        0.000                      0                    4

"""
    first, second = reports.parse(text).timing.groups
    assert (first.name, first.from_clock, first.to_clock, first.slacks.wns_ns) == ("**default**", "core", None, 1.25)
    assert (second.from_clock, second.to_clock, second.slacks.tns_total_endpoints) == (None, "core", 4)


def test_a_design_whose_worst_group_is_not_shown_has_no_worst_clock():
    text = (WRITTEN / "timing.rpt").read_text()
    start, end = text.index("| Inter Clock Table"), text.index("| Other Path Groups Table")
    worst = reports.parse(
        text[:start] + text[end:].replace("slack                                 -0.412", "slack")
    ).timing.worst_setup
    assert (worst.slack_ns, worst.clock, worst.path.destination) == (-0.412, "fast->core", "sync/meta_reg/D")
    worst = reports.parse(text[:start]).timing.worst_setup
    assert (worst.slack_ns, worst.kind, worst.clock, worst.path) == (-0.412, None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\n".join(line.rstrip() for line in text.split("\n")),
        lambda text: "\n".join("    " + line for line in text.split("\n")),
    ],
    ids=["crlf", "crcrlf", "cr", "stripped", "indented"],
)
def test_line_ends_and_margins_change_nothing(change):
    for file in sorted(WRITTEN.iterdir()):
        metrics = reports.read(file)
        changed = reports.parse(change(file.read_text()))
        assert (changed.timing, changed.utilization, changed.power, changed.methodology, changed.warnings) == (
            metrics.timing,
            metrics.utilization,
            metrics.power,
            metrics.methodology,
            (),
        )


def test_a_summary_whose_spaces_were_lost():
    names = "WNS(ns) TNS(ns) TNS Failing Endpoints TNS Total Endpoints WHS(ns)"
    text = f"{names}\n------- ------- ---- ---- ----\n0.285 0.000 0 108705 NA\n"
    slacks = reports.parse(text).timing.slacks
    assert (slacks.wns_ns, slacks.tns_ns, slacks.tns_failing_endpoints, slacks.tns_total_endpoints) == (0.285, 0.0, 0, 108705)
    assert slacks.whs_ns is None
