"""Text that is cut, hostile, or no report: the named error, or a partial result that says so, and never a wrong number."""

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.envs.fpga import reports
from neurorl.envs.fpga.reports import text as limits

WRITTEN = {file.name: file.read_text() for file in sorted((Path(__file__).parent / "written").iterdir())}
DERIVED = {
    "kind",
    "vivado",
    "worst_setup",
    "worst_hold",
    "worst_pulse_width",
    "by_severity",
    "partial",
    "warnings",
    "logic_cells",
}
MIB = 2**20


def read(text):
    """Return what a text says as a dictionary, or None for the named error, which must name a line."""
    try:
        return reports.as_dict(reports.parse(text))
    except reports.ReportError as error:
        named = re.match(r"line \d+: ", str(error))
    assert named, "the error names no line"
    return None


def wrong(part, whole, where=""):
    """Yield the places where ``part`` says something else than ``whole``; to say nothing is not wrong."""
    if part is None:
        return
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in DERIVED:
                yield from wrong(value, whole.get(key), f"{where}.{key}")
    elif isinstance(part, list) and isinstance(whole, list) and len(part) <= len(whole):
        for i, (a, b) in enumerate(zip(part, whole, strict=False)):
            yield from wrong(a, b, f"{where}[{i}]")
    elif part != whole:
        yield where, part, whole


def less(part, whole):
    """Return whether ``part`` lacks something of ``whole``."""
    if isinstance(whole, dict):
        return not isinstance(part, dict) or any(less(part.get(key), value) for key, value in whole.items() if key not in DERIVED)
    if isinstance(whole, list):
        return not isinstance(part, list) or len(part) < len(whole) or any(map(less, part, whole))
    return part != whole


def check_cut(text, whole, end):
    part = read(text[:end])
    if part is not None:
        assert list(wrong(part, whole)) == [], f"cut at {end}"
        if whole["kind"] != "excerpt" and less(part, whole):
            assert part["partial"], f"cut at {end}, after {text[max(end - 60, 0) : end]!r}"
            assert part["warnings"]


def test_the_comparison_sees_a_wrong_number_and_a_missing_one():
    assert list(wrong({"a": [1, 2]}, {"a": [1, 3]})) == [(".a[1]", 2, 3)]
    assert list(wrong({"a": [1, 0.0]}, {"a": [1, None]})) == [(".a[1]", 0.0, None)]
    assert less({"a": [1]}, {"a": [1, 2]})
    assert not list(wrong({"a": [1]}, {"a": [1, 2]}))


@pytest.mark.parametrize("name", WRITTEN)
def test_cut_at_every_line(name):
    text = WRITTEN[name]
    whole = read(text)
    ends = [match.end() for match in re.finditer("\n", text)]
    for end in ends[:: 1 if len(ends) < 300 else 3]:
        check_cut(text, whole, end)


@pytest.mark.parametrize("name", WRITTEN)
def test_cut_anywhere(name):
    text = WRITTEN[name]
    whole = read(text)
    rng = random.Random(name)
    for _ in range(150):
        check_cut(text, whole, rng.randrange(len(text)))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_text_stripped_of_its_ends_says_the_same(name):
    assert list(wrong(read(WRITTEN[name]), read(WRITTEN[name].strip()))) == []


@given(st.data())
def test_damage_gives_the_named_error_or_a_result(data):
    text = data.draw(st.sampled_from(list(WRITTEN.values())))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.text(max_size=12)) + text[at + data.draw(st.integers(0, 40)) :]
    read(text)


@given(st.binary(max_size=3000))
def test_any_bytes_give_the_named_error_or_a_result(data):
    read(data)


LINES = st.sampled_from(
    [*"\n".join(WRITTEN.values()).split("\n")[::2], "", "|", "+-+", "|-|", "Slack: inf", "  Location", "\x00"]
)


@given(st.lists(LINES, max_size=60))
def test_lines_in_any_order_give_the_named_error_or_a_result(lines):
    read("\n".join(lines))


@pytest.mark.parametrize("word", ["NA", "", "inf", "garbled", "1\x002", "0.0.0", "--", "1e5", "\u0663"])
def test_what_is_no_number_is_never_zero(word):
    text = WRITTEN["timing.rpt"].replace("     -0.412       -1.730", word.rjust(11) + "       -1.730", 1)
    slacks = reports.parse(text).timing.slacks
    assert slacks.wns_ns in ((float("inf"),) if word == "inf" else (None,))


@pytest.mark.parametrize("word", ["NA", "", "---", "many"])
def test_an_empty_cell_of_a_bordered_table_is_never_zero(word):
    text = WRITTEN["utilization.rpt"].replace("|   48 |", f"| {word:>4} |", 1)
    metrics = reports.parse(text)
    assert metrics.utilization.dsp.used is None
    assert metrics.partial == (word == "many")
    if metrics.partial:
        line = text[: text.index("many")].count("\n") + 1
        assert metrics.warnings == (f"line {line}: 'Used' is 'many', which is not a number",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_encodings_of_windows(encoding):
    text = WRITTEN["timing.rpt"].replace("\n", "\r\n")
    assert reports.parse(text.encode(encoding)) == reports.parse(WRITTEN["timing.rpt"])


def test_a_wrong_encoding_costs_only_what_it_hits():
    text = WRITTEN["timing.rpt"].replace("bench", "Büro")
    metrics = reports.parse(text.encode("latin-1"))
    assert metrics.timing == reports.parse(text).timing
    assert metrics.warnings == ("line 5: holds bytes that are not UTF-8",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the text is empty"),
        (b"\xff\xfe", "the text is empty"),
        (b"\0" * MIB, "binary data"),
        (random.Random(0).randbytes(MIB), "binary data"),
        (b"PK\3\4" + random.Random(1).randbytes(5000), "binary data"),
        (b'{"wns": 1}', "nothing in this text is from a Vivado report"),
        (b"[" * (10 * MIB), "nothing in this text is from a Vivado report"),
        (b"a" * (10 * MIB), "nothing in this text is from a Vivado report"),
        (
            b"| Tool Version : Vivado v.2020.1\n| Command : report_clock_utilization\n\nClock Utilization\n",
            "line 2: .*'report_clock_util",
        ),
    ],
)
def test_what_is_no_report_is_named(data, says):
    with pytest.raises(reports.ReportError, match=says):
        reports.parse(data)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN["timing.rpt"] + "x" * (10 * MIB),
        "Slack (MET) :" + " " * (10 * MIB) + "0.1ns",
        "Slack (MET) : 0.1ns  (required time - arrival time)\n  Source:  x\n    (" + "clocked by " * MIB,
        "Clock  WNS(ns)  " + "c  " * MIB + "\n" + ("x  " * 6000 + "\n") * 100,
        "+---+\n| Instance | Total LUTs |\n+---+\n" + "".join(f"|{' ' * i}a | 1 |\n" for i in range(3000)),
        "| Site Type | Used |\n|---|---|\n" + "|" * MIB,
        ("+-+\n|1|\n" * 2 + "\n") * 30_000,
        "Table of Contents\n" + "".join(f"{i % 900}. x{i}\n" for i in range(50_000)),
        "Slack (MET) : 0.1ns  (required time - arrival time)\n" * 30_000,
        "| " + "Vivado " * MIB + "\n",
    ],
    ids=range(10),
)
def test_hostile_text_is_met_in_bounded_time(text):
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 10.0


def test_what_lies_beyond_the_limits_is_said_to_be_missing(monkeypatch):
    text = WRITTEN["utilization.rpt"]
    monkeypatch.setattr(limits, "MAX_BYTES", 1500)
    metrics = reports.parse(text.encode())
    assert metrics.partial
    assert metrics.utilization.dsp is None
    monkeypatch.setattr(limits, "MAX_BYTES", 10**6)
    monkeypatch.setattr(limits, "MAX_LINES", 40)
    assert any("only the first 40 lines" in warning for warning in reports.parse(text).warnings)
    monkeypatch.setattr(limits, "MAX_LINES", 10**6)
    monkeypatch.setattr(limits, "MAX_WARNINGS", 3)
    many = reports.parse(re.sub(r"\| +0 \|", "| ?? |", text))
    assert len(many.warnings) == 4
    assert "more warnings were left out" in many.warnings[-1]
