"""Reports within logs: what stands before every line, damaged borders, several reports in one text. What is missing is told."""

import datetime
import re
from pathlib import Path

import pytest

from neurorl.envs.fpga import reports
from tests.envs.fpga.reports.mutations import PREFIXES

WRITTEN = {file.name: file.read_text() for file in sorted((Path(__file__).parent / "written").iterdir())}
PARTS = ("timing", "utilization", "power", "methodology")
LOG = "".join(f"INFO: [Common 17-{i}] Phase {i} of the run is done\n" for i in range(90))
SLACKS = "    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints\n    -------      -------  ---------------------  -------------------\n{:>11}  {:>11}                      {}                   40\n\n"  # fmt: skip  # noqa: E501


def same(first, second):
    """Return whether two metrics say the same; where in its text a path stands may differ."""

    def plain(metrics):
        return [re.sub(r"\bline=\d+", "", repr(getattr(metrics, part))) for part in PARTS]

    return plain(first) == plain(second)


def prefixed(text, shape):
    lines = text.split("\n")
    start = datetime.datetime(2026, 2, 3, 23, 58, tzinfo=datetime.UTC)
    told = [(start + datetime.timedelta(seconds=at // 6)).time() for at in range(len(lines))]
    return "\n".join(
        shape.format(m=time.minute % 10, s=time.second, n=700 + at) + line
        for at, (line, time) in enumerate(zip(lines, told, strict=True))
    )


@pytest.mark.parametrize("shape", [*PREFIXES, "[synth] 0{m}:{s:02d}.{n:03d} | ", "user@host:{n}$ ", "\t", "<{n}>", "(7) {n}. "])
@pytest.mark.parametrize("name", [name for name in WRITTEN if name.endswith(".rpt")])
def test_what_stands_before_every_line_is_read_through_or_told(name, shape):
    whole, metrics = reports.parse(WRITTEN[name]), reports.parse(prefixed(WRITTEN[name], shape))
    assert same(metrics, whole), metrics.warnings
    assert metrics.header == whole.header
    assert not metrics.partial


def test_a_prefix_is_told_with_its_first_line():
    text = prefixed(WRITTEN["power.rpt"], "12:0{m}:{s:02d} ")
    (warning,) = reports.parse(text).warnings
    assert re.fullmatch(r"line 1: \d+ lines begin with something like '12:08:00 ', which was left out", warning)


def test_a_prefix_of_some_lines_costs_nothing_silently():
    lines = WRITTEN["utilization.rpt"].split("\n")
    text = "\n".join(f"12:00:{i % 60:02d} {line}" if i % 3 else line for i, line in enumerate(lines))
    whole, metrics = reports.parse(WRITTEN["utilization.rpt"]), reports.parse(text)
    assert same(metrics, whole) or metrics.partial


@pytest.mark.parametrize("name", ["timing.rpt", "utilization.rpt", "power.rpt", "methodology.rpt"])
def test_a_report_that_begins_late_keeps_its_header(name):
    for before in (LOG, LOG * 20, LOG + "\n", LOG.replace("\n", "\n\n")):
        whole, metrics = reports.parse(WRITTEN[name]), reports.parse(before + WRITTEN[name] + LOG)
        assert metrics.header == whole.header
        assert metrics.kind == whole.kind
        assert same(metrics, whole)


BORDERS = [
    (name, at)
    for name in ("utilization.rpt", "hierarchical.rpt", "power.rpt", "methodology.rpt")
    for at, line in enumerate(WRITTEN[name].split("\n"))
    if line.startswith("+-")
]
DAMAGE = {
    "x": lambda line: line[:8] + "x" + line[9:],
    "short": lambda line: line[: len(line) // 2],
    "gone": lambda line: "",
    "dashes": lambda line: line.replace("+", "-"),
    "space": lambda line: line[:4] + "   " + line[7:],
    "unknown": lambda line: "\ufffd" + line[1:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_border_costs_nothing_or_is_told(damage):
    for name, at in BORDERS:
        lines = WRITTEN[name].split("\n")
        lines[at] = DAMAGE[damage](lines[at])
        whole, metrics = reports.parse(WRITTEN[name]), reports.parse("\n".join(lines))
        assert same(metrics, whole) or metrics.partial, (name, at + 1)
        if damage == "x":
            assert same(metrics, whole), (name, at + 1)
            assert any(warning.startswith(f"line {at + 1}: ") for warning in metrics.warnings), (name, at + 1)


def test_a_table_without_any_border_is_read_or_told():
    text = "\n".join(line for line in WRITTEN["utilization.rpt"].split("\n") if not line.startswith("+-"))
    whole, metrics = reports.parse(WRITTEN["utilization.rpt"]), reports.parse(text)
    assert same(metrics, whole) or metrics.partial


@pytest.mark.parametrize("between", ["", "a line of the log\n\n", LOG])
def test_the_second_of_two_summaries_is_told(between):
    metrics = reports.parse(SLACKS.format("1.000", "0.000", 0) + between + SLACKS.format("-2.000", "-9.000", 7))
    assert metrics.timing.slacks.wns_ns == 1.0
    assert metrics.partial
    line = 5 + between.count("\n")
    assert metrics.warnings == (f"line {line}: a second report of timing begins here; it was not read, that of line 1 was",)
    assert metrics.timing_met is None, "the summary that was not read may fail, as it does here"


@pytest.mark.parametrize("name", ["timing.rpt", "utilization.rpt", "power.rpt", "methodology.rpt"])
def test_the_second_of_two_whole_reports_is_told(name):
    whole = reports.parse(WRITTEN[name])
    metrics = reports.parse(LOG + WRITTEN[name] + LOG + WRITTEN[name])
    assert same(metrics, whole), "its rows are not added to those of the first"
    assert metrics.partial
    assert any("a second" in warning and "begins here" in warning for warning in metrics.warnings)


def test_the_report_of_another_design_is_told():
    other = WRITTEN["power.rpt"].replace("heron_top", "egret_top")
    metrics = reports.parse(WRITTEN["utilization.rpt"] + other)
    assert (metrics.power, metrics.partial) == (None, True)
    assert any("another design or device begins here, 'egret_top'" in warning for warning in metrics.warnings)


@pytest.mark.parametrize("first", ["timing.rpt", "utilization.rpt", "power.rpt", "methodology.rpt"])
@pytest.mark.parametrize("second", ["timing.rpt", "utilization.rpt", "power.rpt", "methodology.rpt"])
@pytest.mark.parametrize("bare", [False, True], ids=["headed", "bare"])
def test_two_kinds_in_one_text_keep_their_rows_apart(first, second, bare):
    if first == second:
        return
    texts = [re.sub(r"^\| (?:Design|Device) .*\n", "", WRITTEN[name], flags=re.MULTILINE) for name in (first, second)]
    if bare:  # without its header, as after -append to a log that dropped it
        title = re.search(r"(?:Report Methodology|Timing Summary Report|Utilization Design Information|Power Report)\n", texts[1])
        texts[1] = texts[1][title.start() :]
    apart = [reports.parse(text) for text in texts]
    metrics = reports.parse("\n".join(texts))
    for part in PARTS:
        told = [getattr(each, part) for each in apart if getattr(each, part) is not None]
        got = getattr(metrics, part)
        assert re.sub(r"\bline=\d+", "", repr(got)) in {
            re.sub(r"\bline=\d+", "", repr(each)) for each in [*told, *[None] * (not told)]
        }


def test_all_kinds_in_one_text():
    texts = [text for name, text in WRITTEN.items() if name in ("timing.rpt", "utilization.rpt", "power.rpt")]
    metrics = reports.parse(LOG.join(texts))
    assert same(metrics, reports.gather(*map(reports.parse, texts)))


def test_a_report_that_is_not_read_beside_one_that_is_is_named():
    header = "| Tool Version : Vivado v.2020.2\n| Command      : report_io -file x.rpt\n\nIO Information\n\n"
    other = header + "+-----+\n| Pin |\n+-----+\n| A1  |\n+-----+\n"
    metrics = reports.parse(WRITTEN["power.rpt"] + "\n" + other)
    assert same(metrics, reports.parse(WRITTEN["power.rpt"]))
    assert any("'report_io' begins here, which is not read" in warning for warning in metrics.warnings)
