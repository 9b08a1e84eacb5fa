"""Bounded time: every regular expression of the reader is linear in the length of a line, whatever stands on it."""

import ast
import contextlib
import re
import time
from pathlib import Path

import pytest

from neurorl.envs.fpga import reports

WRITTEN = {file.name: file.read_text() for file in sorted((Path(__file__).parent / "written").iterdir())}
SOURCES = sorted(Path(reports.__file__).parent.glob("*.py"))
LENGTH = 20_000  # characters
SECONDS = 0.05  # a linear one takes about a fiftieth of this, a quadratic one twice this on a fast machine
MORE = (  # what the written reports do not have
    "\x1b[1;32m",
    "12 (3.5%)",
    "Max Delay        12 Endpoints",
    "Slack:                    inf",
    "-0.5 (30.5%)  * x",
    "WARNING: [Timing 38-164] text",
    "-1.000",
    "1,234,567.50",
    "PINS-3#1 Critical Warning",
    "PINS-3   Warning",
    "* (%",
    "| a |:---:| --- |",
    "|---|:---:|",
)


def expressions():
    """Return every regular expression of the sources of the reader, and how it is used: "search" if that is not known."""
    found = {}
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
                continue
            if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                said = ast.unparse(node)
                flags = sum(getattr(re, name) for name in ("IGNORECASE", "ASCII", "DOTALL") if f"re.{name}" in said)
                use = node.func.attr if node.func.attr in ("match", "fullmatch") else "search"
                found[f"{file.stem}:{node.lineno}"] = re.compile(node.args[0].value, flags), use
    return found


EXPRESSIONS = expressions()


def samples(pattern):
    """Return some texts in which a pattern matches, each cut to what it matched and a little around it."""
    found = {}
    for line in (*MORE, *"\n".join(WRITTEN.values()).split("\n")):
        match = pattern.search(line) or pattern.search(line.strip())
        if match:
            whole = match.string[max(match.start() - 2, 0) : match.end() + 2]
            found.setdefault(re.sub(r"[\w.]+", "0", whole)[:80], whole[:80])
    return list(found.values())[:4]


def pumped(sample):
    """Yield a sample with each of its parts repeated, and an end that it cannot match."""
    for width in (1, 2, 5):
        for at in range(0, len(sample) - width + 1, max(len(sample) // 25, 1)):
            part = sample[at : at + width]
            for end in ("\x00", sample[at + width :] + "!"):
                yield sample[:at] + part * (LENGTH // width) + end
    for part in (" ", "-", "a", "0", "0.", "(", ") ", "+-", "| ", "a ", "- "):
        yield sample + part * (LENGTH // len(part)) + "\x00"
        yield part * (LENGTH // len(part)) + sample


def slowest(pattern, texts, use="search"):
    """Return the seconds that the slowest text takes, the best of three tries so that a busy machine is not blamed."""

    def once(text):
        start = time.process_time()
        pattern.fullmatch(text)
        pattern.match(text)
        if use == "search":
            pattern.findall(text)
        return time.process_time() - start

    worst = 0.0
    for text in texts:
        taken = once(text)
        if taken > max(worst, SECONDS / 4):
            taken = min(taken, once(text), once(text))
        worst = max(worst, taken)
        if worst > SECONDS:
            break
    return worst


def test_all_expressions_are_found():
    assert len(EXPRESSIONS) > 30
    assert {file.stem for file in SOURCES} >= {name.partition(":")[0] for name in EXPRESSIONS}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_regular_expression_is_linear(name):
    pattern, use = EXPRESSIONS[name]
    found = samples(pattern)
    assert found, "no text that it matches: add one to MORE"
    assert slowest(pattern, (text for sample in found for text in pumped(sample)), use) < SECONDS


@pytest.mark.parametrize("bad", [r"(?:slack +)?[a-z ]+: +NA", r"[^|]*\|x", r"(?:-+\+)+x"])
def test_the_measure_tells_one_that_is_not(bad):
    texts = (text for sample in ("slack : NA", "a|x", "--+x") for text in pumped(sample))
    assert slowest(re.compile(bad), texts) > SECONDS


LINES = [
    "1. checking no_clock (1)\n------------\n There is 1 register pin with no clock{}x",
    "Slack (MET) :{}0.1ns  (required time - arrival time)x",
    "Timing Report\n\nSlack (MET) : 0.1ns  (required time - arrival time)\n  Data Path Delay: 1.0ns  (logic 1.0ns (1%){}",
    "Clock  WNS(ns){}\n-----  -------\nosc{}1.000",
    "Rule Severity{}Violations\n---- -------- ----------\nA-1 Warning{}3",
    "From Clock:{}a\n  To Clock:{}b\n\nSetup :{}0  Failing Endpoints,{}Worst Slack{}0.1ns,{}Total Violation{}0ns",
    "Pulse Width Checks\nClock Name: a\nCheck Type{}Slack(ns) Required(ns)\nMin Period{}1.000",
    "+-{}+\n|{}|\n+-{}+",
    "| Tool Version :{}Vivado v.2020.1\n| Command :{}report_power",
    "+--+\n| Instance{}| Total LUTs |\n+--+\n| a{}| 1 |\n+--+",
    "12:00{}| a\n" * 20,
]


@pytest.mark.parametrize("run", [" ", "-", "a", "0", "\t", "- ", "(", "|", "a ", "0.0 ", "\u00e9", "\x1b["])
@pytest.mark.parametrize("line", LINES)
def test_a_long_run_within_a_line_is_read_in_bounded_time(line, run):
    text = line.replace("{}", run * (20_000 // len(run)))
    start = time.process_time()
    with contextlib.suppress(reports.ReportError):
        reports.parse(text)
    assert time.process_time() - start < 2.0


def test_a_prefix_of_strange_marks_is_found_in_bounded_time():
    for mark in (".*", "(a+)+", "[[", "\\", "$^", "0 " * 90, ": " * 90):
        text = "".join(f"{mark}{i}: {line}\n" for i, line in enumerate(WRITTEN["timing.rpt"].split("\n")))
        start = time.process_time()
        reports.parse(text)
        assert time.process_time() - start < 5.0
