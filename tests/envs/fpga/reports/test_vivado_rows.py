"""Rows and names as Vivado and editors leave them: blank cells, one space between names, capitals, tables of old versions."""

import itertools
import math
import re
from pathlib import Path

import pytest

from neurorl.envs.fpga import reports

WRITTEN = Path(__file__).parent / "written"
TIMING = (WRITTEN / "timing.rpt").read_text()
SUMS = ("WNS(ns)", "TNS(ns)", "TNS Failing Endpoints", "TNS Total Endpoints")


def inter(*rows, section="Inter Clock Table", names=("From Clock", "To Clock"), width=14):
    """Return a table of path groups as Vivado aligns it: names of clocks at the left, slacks at the right."""
    rule = "-" * 60
    lines = [rule, f"| {section}", f"| {'-' * len(section)}", rule, ""]
    wide = [max(len(name), 7) for name in SUMS]
    for left, right in ((names, SUMS), (["-" * len(n) for n in names], ["-" * len(n) for n in SUMS]), *rows):
        cells = "  ".join(str(cell).rjust(w) for cell, w in zip(right, wide, strict=True))
        lines.append("".join(str(cell).ljust(width) for cell in left) + "  " + cells)
    return "\n".join(lines) + "\n\n"


@pytest.mark.parametrize(
    ("blank", "clock"), [(("", "sample"), "->sample"), (("sample", ""), "sample->"), (("", ""), "")], ids=["from", "to", "both"]
)
@pytest.mark.parametrize("first", [False, True])
def test_a_pair_with_a_blank_clock_keeps_its_slack(blank, clock, first):
    rows = [(("video", "sample"), ("0.250", "0.000", 0, 9)), (blank, ("-1.500", "-3.000", 2, 4))]
    metrics = reports.parse(inter(*(reversed(rows) if first else rows)))
    assert {g.clock: g.slacks.wns_ns for g in metrics.timing.groups} == {"video->sample": 0.25, clock: -1.5}
    assert (metrics.timing.worst_setup.slack_ns, metrics.timing.worst_setup.clock) == (-1.5, clock)
    assert metrics.timing.groups[first is False].from_clock == (blank[0] or None)
    assert (metrics.partial, metrics.timing_met) == (False, False)


def test_a_path_group_with_no_clock_at_all_keeps_its_slack():
    names = ("Path Group", "From Clock", "To Clock")
    rows = [(("**default**", "", ""), ("-0.700", "-0.700", 1, 3)), (("", "", "core"), ("0.100", "0.000", 0, 3))]
    groups = reports.parse(inter(*rows, section="Other Path Groups Table", names=names)).timing.groups
    assert [(g.name, g.from_clock, g.to_clock, g.slacks.wns_ns) for g in groups] == [
        ("**default**", None, None, -0.7),
        (None, None, "core", 0.1),
    ]


def test_a_blank_name_among_cells_out_of_line_is_told():
    text = inter((("video", "sample"), ("0.250", "0.000", 0, 9))) + "x"
    text = text.replace("\n\nx", "\n  sample   -1.500 -3.000 2 4\n\n")
    metrics = reports.parse(text)
    given = [group.slacks.wns_ns for group in metrics.timing.groups]
    assert -1.5 in given or metrics.partial


@pytest.mark.parametrize("dashes", ["", "----- ------------ ---------- --------------\n"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1)])
def test_clocks_one_space_apart(order, dashes):
    names = ("Clock", "Waveform(ns)", "Period(ns)", "Frequency(MHz)")
    cells = ("osc", "{0.000 3.000}", "6.000", "166.667")
    metrics = reports.parse(f"{' '.join(names[i] for i in order)}\n{dashes}{' '.join(cells[i] for i in order)}\n\n")
    (clock,) = metrics.timing.clocks
    assert (clock.name, clock.period_ns, clock.frequency_mhz, clock.waveform_ns) == ("osc", 6.0, 166.667, (0.0, 3.0))
    assert not metrics.partial


def test_a_pair_of_clocks_one_space_apart():
    text = "From Clock To Clock WNS(ns) TNS(ns)\n---- ---- ---- ----\nosc core -0.750 -1.250\ncore osc 0.500 0.000\n\n"
    metrics = reports.parse(text)
    assert [(g.clock, g.slacks.wns_ns, g.slacks.tns_ns) for g in metrics.timing.groups] == [
        ("osc->core", -0.75, -1.25),
        ("core->osc", 0.5, 0.0),
    ]
    assert not metrics.partial


@pytest.mark.parametrize("description", ["Missing_constraint", "A net drives 2 loads", "Found 3 in 4"])
@pytest.mark.parametrize("severity", ["Warning", "Critical Warning", "Advisory"])
def test_rules_one_space_apart(severity, description):
    text = f"Rule Severity Description Violations\n---- -------- ----------- ----------\nXDCB-5 {severity} {description} 12\n\n"
    (rule,) = reports.parse(text).methodology.rules
    assert (rule.rule, rule.severity, rule.description, rule.violations) == ("XDCB-5", severity, description, 12)


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
@pytest.mark.parametrize("name", sorted(file.name for file in WRITTEN.iterdir()))
def test_capitals_change_no_number(change, name):
    whole, changed = (reports.parse(text) for text in ((WRITTEN / name).read_text(), change((WRITTEN / name).read_text())))
    assert changed.kind == whole.kind
    for part in ("timing", "utilization", "power", "methodology"):
        assert (getattr(whole, part) is None) == (getattr(changed, part) is None)
    if whole.timing:
        assert changed.timing.slacks == whole.timing.slacks
        assert changed.timing.verdict == whole.timing.verdict
        assert [group.slacks for group in changed.timing.groups] == [group.slacks for group in whole.timing.groups]
        assert [(p.slack_ns, p.check, p.arrival_ns) for p in changed.timing.paths] == [
            (p.slack_ns, p.check, p.arrival_ns) for p in whole.timing.paths
        ]
        assert [check.count for check in changed.timing.checks] == [check.count for check in whole.timing.checks]
        assert [p.slack_ns for p in changed.timing.pulse_widths] == [p.slack_ns for p in whole.timing.pulse_widths]
    if whole.utilization:
        for short in ("lut", "ff", "bram", "dsp"):
            before, after = getattr(whole.utilization, short), getattr(changed.utilization, short)
            assert (before and before.used, before and before.percent) == (after and after.used, after and after.percent)
    if whole.power:
        assert changed.power.total_power_w == whole.power.total_power_w
        assert changed.power.junction_temperature_c == whole.power.junction_temperature_c
        assert [c.power_w for c in changed.power.components] == [c.power_w for c in whole.power.components]
    if whole.methodology:
        assert [rule.violations for rule in changed.methodology.rules] == [rule.violations for rule in whole.methodology.rules]
        assert changed.methodology.by_severity == whole.methodology.by_severity


def test_a_header_in_capitals():
    header = reports.parse(TIMING.replace("| Tool Version", "| TOOL VERSION").replace("| Device  ", "| DEVICE  ")).header
    assert (header.vivado, header.device) == ("2023.1", "7a50t-ftg256")


def drc(found, details, table=""):
    """Return a report of DRC with this many violations, of which each is described, as it was before 2016: with no table."""
    described = "\n".join(
        f"{rule}#{i} {severity}\nThe pin is unused  \nNothing drives it.\nRelated violations: <none>\n"
        for rule, severity, count in details
        for i in range(1, count + 1)
    )
    return (
        "| Tool Version : Vivado v.2014.4 (lin64)\n| Command      : report_drc -file x.rpt\n| Design       : finch\n\n"
        "Report DRC\n\nTable of Contents\n-----------------\n1. REPORT SUMMARY\n2. REPORT DETAILS\n\n"
        f"1. REPORT SUMMARY\n-----------------\n            Netlist: netlist\n             Violations found: {found}\n{table}\n"
        f"2. REPORT DETAILS\n-----------------\n{described}\n"
    )


def test_drc_before_it_had_a_table_is_counted_from_its_descriptions():
    metrics = reports.parse(drc(8, [("PINS-3", "Critical Warning", 5), ("LOAD-12", "Warning", 3)]))
    rules = {(rule.rule, rule.severity, rule.violations) for rule in metrics.methodology.rules}
    assert rules == {("PINS-3", "Critical Warning", 5), ("LOAD-12", "Warning", 3)}
    assert metrics.methodology.violations_found == 8
    assert metrics.methodology.by_severity == {"Critical Warning": 5, "Warning": 3}
    assert (metrics.kind, metrics.partial) == ("drc", False)


@pytest.mark.parametrize(("found", "described"), [(8, 3), (8, 0)])
def test_drc_whose_violations_are_not_all_described_says_so(found, described):
    metrics = reports.parse(drc(found, [("PINS-3", "Warning", described)]))
    assert metrics.methodology.violations_found == found
    assert metrics.partial
    assert any(f"{found} violations were found" in warning for warning in metrics.warnings)


def test_drc_with_nothing_violated_is_not_partial():
    metrics = reports.parse(drc(0, []))
    assert (metrics.methodology.violations_found, metrics.methodology.rules, metrics.partial) == (0, (), False)


def test_drc_with_a_table_of_rules():
    table = (
        "+--------+----------+-------------+------------+\n| Rule   | Severity | Description | Violations |\n"
        "+--------+----------+-------------+------------+\n| PINS-3 | Warning  | Unused pin  | 2          |\n"
        "+--------+----------+-------------+------------+\n"
    )
    metrics = reports.parse(drc(2, [("PINS-3", "Warning", 2)], table))
    (rule,) = metrics.methodology.rules
    assert (rule.description, rule.violations, metrics.partial) == ("Unused pin", 2, False)


DETAILS = [
    ("(recovery check against rising-edge clock osc  {rise@0.000ns fall@3.000ns period=6.000ns})", "osc", 6.0),
    ("(removal check against rising-edge clock osc  {rise@0.000ns fall@3.000ns period=6.000ns})", "osc", 6.0),
    ("(recovery check against falling-edge clock a/b c  {rise@0.000ns fall@3.000ns period=7.500ns})", "a/b c", 7.5),
    ("(rising edge-triggered cell FDRE clocked by osc  {rise@0.000ns fall@3.000ns period=6.000ns})", "osc", 6.0),
    ("(output port clocked by osc  {rise@0.000ns fall@3.000ns period=6.000ns})", "osc", 6.0),
    ("(clock gating cell LUT2 clocked by osc  {rise@0.000ns fall@3.000ns period=6.000ns})", "osc", 6.0),
]


@pytest.mark.parametrize(("detail", "clock", "period"), DETAILS)
def test_the_clock_of_a_destination(detail, clock, period):
    start = TIMING.index("Slack (VIOLATED) :        -0.412ns")
    path = TIMING[start : TIMING.index("\n\n\n", start)] + "\n"
    before = path[path.index("\n", path.index("Destination:")) + 1 : path.index("  Path Group:")]
    (read,) = reports.parse("Timing Report\n\n" + path.replace(before, f"                    {detail}\n")).timing.paths
    assert (read.to_clock, read.to_period_ns, read.destination_detail) == (clock, period, detail.strip("()"))


def test_every_path_of_a_recovery_group_has_its_clocks():
    paths = [path for path in reports.read(WRITTEN / "timing.rpt").timing.paths if path.path_group == "**async_default**"]
    assert len(paths) == 2
    assert all((path.from_clock, path.to_clock) == ("core", "core") for path in paths)


def test_an_unknown_destination_is_told_and_not_guessed():
    text = TIMING.replace("(rising edge-triggered cell FDRE clocked by", "(strange cell FDRE tied to", 2)
    metrics = reports.parse(text)
    assert any("the clock of the source cannot be read" in warning for warning in metrics.warnings)
    assert metrics.partial


def test_every_pair_of_cells_may_be_blank():
    """Every choice of cells that are blank: what is left stands in its column."""
    values = ("osc", "core", "-1.500", "-3.000", "2", "4")
    for kept in itertools.product((False, True), repeat=6):
        cells = [value if keep else "" for value, keep in zip(values, kept, strict=True)]
        if not any(kept[2:]):
            continue
        metrics = reports.parse(inter((cells[:2], cells[2:]), (("a", "b"), ("1.000", "0.000", 0, 1))))
        group = metrics.timing.groups[0]
        told = (group.slacks.wns_ns, group.slacks.tns_ns, group.slacks.tns_failing_endpoints, group.slacks.tns_total_endpoints)
        assert told == tuple(v if keep else None for v, keep in zip((-1.5, -3.0, 2, 4), kept[2:], strict=True))
        assert (group.from_clock, group.to_clock) == (cells[0] or None, cells[1] or None)
        assert math.isfinite(metrics.timing.groups[1].slacks.wns_ns)


NAMED = {
    "power.rpt": ("On-Chip", "Power (W)", "Used", "Available", "Utilization (%)", "Voltage (V)", "Static (A)", "Name"),
    "utilization.rpt": ("Used", "Available", "Functional Category"),
    "hierarchical.rpt": ("Total LUTs", "Logic LUTs", "FFs", "RAMB36", "DSP Blocks"),
    "methodology.rpt": ("Checks", "Description"),
}


@pytest.mark.parametrize("headed", [True, False], ids=["whole", "beheaded"])
@pytest.mark.parametrize(("file", "name"), [(file, name) for file, names in NAMED.items() for name in names])
def test_a_damaged_name_of_a_column_is_told(file, name, headed):
    lines = (WRITTEN / file).read_text().split("\n")
    at = next(i for i, line in enumerate(lines) if re.search(rf"\|\s*{re.escape(name)}\s+\|", line))
    damaged = name[:1] + "\u00e9" + name[2:]
    lines[at] = lines[at].replace(f" {name} ", f" {damaged} ", 1)
    start = 0 if headed else at - 1
    try:
        metrics = reports.parse("\n".join(lines[start:]))
    except reports.ReportError:
        return  # nothing else was in it
    near = {f"line {i + 1 - start}" for i in range(at - 1, at + 2)}
    assert any(warning.partition(":")[0] in near for warning in metrics.warnings)


HEADING = "-" * 96 + "\n| {0}\n| {1}\n" + "-" * 96 + "\n"


def without_heading(name):
    heading = HEADING.format(name, "-" * len(name))
    assert heading in TIMING
    return TIMING.replace(heading, "")


def test_settings_without_their_heading_are_read():
    assert reports.parse(without_heading("Timer Settings")).timing.settings == reports.parse(TIMING).timing.settings != {}


def test_paths_of_a_table_without_its_heading_are_not_those_of_the_table_before():
    metrics = reports.parse(without_heading("Unconstrained Path Table"))
    assert [(untimed.kind, untimed.to_clock) for untimed in metrics.timing.untimed] == [("ignored", "fast"), ("unknown", "core")]
    line = without_heading("Unconstrained Path Table").split("\n").index("(none)                     core           ") + 1
    assert f"line {line}: the text does not say whether these paths are ignored or unconstrained" in metrics.warnings


def test_rules_without_their_heading_and_names_are_told():
    metrics = reports.parse(TIMING[TIMING.index("TIMING-6 ") :])
    assert metrics.warnings[0] == "line 1: 2 lines look like rows of a table, and could not be read"


def test_path_groups_that_only_their_details_tell():
    text = re.sub(r"\n\(none\) +core +\n", "\n", TIMING).replace("\nfast           core    ", "\nslow           core    ")
    metrics = reports.parse(text)
    untimed = metrics.timing.untimed[-1]
    assert (untimed.kind, untimed.to_clock, untimed.max_delay_endpoints) == ("unknown", "core", 7)
    assert ("fast", "core", -0.412) in {(g.from_clock, g.to_clock, g.slacks.wns_ns) for g in metrics.timing.groups}
    at = [i for i, line in enumerate(text.split("\n"), 1) if line.startswith("From Clock:  fast")][1]
    assert f"line {at}: no table of the text has the path group of these details" in metrics.warnings


def test_the_foot_of_a_path_is_not_that_of_the_next():
    start = TIMING.index("                         slack                                 0.244")
    text = TIMING[:start] + TIMING[TIMING.index("  Source:", start) :]
    path = reports.parse(TIMING).timing.paths[0]
    metrics = reports.parse(text)
    assert (metrics.timing.paths[0].arrival_ns, metrics.timing.paths[0].required_ns) == (path.arrival_ns, path.required_ns)
    line = text[: text.index("  Source:", start)].count("\n") + 1
    assert f"line {line}: the path before this line has no end" in metrics.warnings
