"""Static timing, from ``report_timing_summary`` and ``report_timing``.

Setup is whether data arrive early enough, hold whether they stay long enough, pulse width whether clocks are slow enough.
WNS, WHS and WPWS are the worst slack of each, below 0 where it is violated; TNS, THS and TPWS are the sums over the endpoints
that fail.
"""

import dataclasses
import math
import re
from typing import Any

from neurorl.envs.fpga.reports import check_timing, methodology, paths, tables, values, worst
from neurorl.envs.fpga.reports.check_timing import Check
from neurorl.envs.fpga.reports.clocks import Clock, PathGroup, Slacks, Timed, Untimed, parse_table
from neurorl.envs.fpga.reports.document import Document
from neurorl.envs.fpga.reports.methodology import Rule
from neurorl.envs.fpga.reports.paths import Path
from neurorl.envs.fpga.reports.pulse_width import PulseWidthCheck, parse_checks
from neurorl.envs.fpga.reports.text import Source
from neurorl.envs.fpga.reports.worst import Worst

MAX_PATHS = 20_000
_TABLES = ("WNS", "WHS", "WPWS", "Clock ", "From Clock ", "Path Group ")
_VERDICTS = (
    (re.compile(r"timing constraints are not met", re.IGNORECASE), "not_met"),
    (re.compile(r"timing constraints are met", re.IGNORECASE), "met"),
    (re.compile(r"no user specified timing constraints", re.IGNORECASE), "no_constraints"),
)
_SETTING = re.compile(r"  ([A-Z][A-Za-z0-9 /.-]{2,60}?)\s{0,40}:  (\S.{0,80}?)\s*")
_BLOCK = re.compile(
    r"(Setup|Hold|PW)\s{0,10}:\s+(\S+)\s+Failing Endpoints,\s+Worst Slack\s+(\S+?)(?:ns)?\s*,"
    r"\s+Total Violation\s+(\S+?)(?:ns)?\s*"
)
_UNTIMED = re.compile(r"(Max|Min) Delay\s{1,20}([0-9]{1,12}) Endpoints?")


@dataclasses.dataclass(frozen=True)
class TimingReport:
    """All that a timing report tells, but for the cells and nets of each path."""

    slacks: Slacks = Slacks()  # of the whole design
    verdict: str | None = None  # "met", "not_met" or "no_constraints"
    worst_setup: Worst | None = None
    worst_hold: Worst | None = None
    worst_pulse_width: PulseWidthCheck | None = None
    clocks: tuple[Clock, ...] = ()
    groups: tuple[PathGroup, ...] = ()
    untimed: tuple[Untimed, ...] = ()
    paths: tuple[Path, ...] = ()
    pulse_widths: tuple[PulseWidthCheck, ...] = ()
    checks: tuple[Check, ...] = ()  # of check_timing: what is not constrained
    settings: dict[str, str] = dataclasses.field(default_factory=dict)  # of the timer


@dataclasses.dataclass
class _Found:
    """What was met so far."""

    timed: Timed = dataclasses.field(default_factory=Timed)
    verdict: str | None = None
    paths: list[Path] = dataclasses.field(default_factory=list)
    pulse_widths: list[PulseWidthCheck] = dataclasses.field(default_factory=list)
    rules: tuple[Rule, ...] = ()
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    blocks: dict[tuple[str, str, str], list[dict[str, Any]]] = dataclasses.field(default_factory=dict)  # heads of the details
    widths: set[str] = dataclasses.field(default_factory=set)  # clocks whose pulse widths were met
    block: tuple[str, str, str] | None = None  # the one that was met last
    shown: set[str | None] = dataclasses.field(default_factory=set)  # checks of the paths under it
    cells: list[bool] = dataclasses.field(default_factory=list)  # whether the cells and nets of each path were shown
    section: str = ""
    sections: set[str] = dataclasses.field(default_factory=set)


def parse(document: Document) -> tuple[TimingReport | None, tuple[Rule, ...]]:
    """Return the timing that a text tells, or None where it tells nothing of it, and the methodology rules in it."""
    source, found = document.source, _Found()
    checks = check_timing.parse(source)
    skip = {placed.table.line: placed.table.end for placed in document.tables}
    at = 0
    while at < len(source.lines):
        if at in skip:
            at = max(skip[at], at + 1)
        elif source.lines[at].strip():
            at = _line(source, at, found)
        else:
            at += 1
    said = found.timed != Timed() or found.paths or found.pulse_widths or found.blocks or found.verdict
    if not (said or checks or document.kind == "timing" or "Timing Summary Report" in document.titles):
        return None, found.rules
    _from_blocks(found)
    if found.cells and not found.cells[-1] and (any(found.cells) or document.titles):
        source.warn(len(source.lines) - 1, "the text ends before the cells and nets of its last path")
    if "Timing Summary Report" in document.titles:
        _complete(source, found, document.header.command)
    elif document.kind == "timing" and not (found.paths or found.timed.slacks):
        source.warn(len(source.lines) - 1, "the text ends before its first path")
    return _report(found, checks), found.rules


def _line(source: Source, at: int, found: _Found) -> int:
    """Read what stands at the line ``at`` into ``found``; return the index to go on at."""
    line = source.lines[at]
    text = line.strip()
    if text.startswith("| "):
        following = source.lines[at + 1].strip() if at + 1 < len(source.lines) else ""
        if following.startswith("| -"):
            found.section = text[2:].strip()
            found.sections.add(found.section)
        return at + 1
    if paths.is_path(line):
        path, end, cells = paths.parse(source, at)
        if path is not None and len(found.paths) < MAX_PATHS:
            found.paths.append(path)
            found.cells.append(cells)
            found.shown.add(path.check)
            if len(found.paths) == MAX_PATHS:
                source.warn(at, f"only the first {MAX_PATHS:,} paths were kept")
        return end
    if text.startswith(("From Clock:", "Path Group:")):
        return _block(source, at, found)
    if text.startswith("Pulse Width Checks"):
        clock, checks, end = parse_checks(source, at)
        found.pulse_widths += checks
        if clock is not None:
            found.widths.add(clock)
        return end
    if text.startswith(_TABLES) and (end_of_table := parse_table(source, at, found.section, found.timed)) is not None:
        return end_of_table
    if text.startswith("Rule ") and methodology.is_table(tuple(text.split())):
        table = tables.dashed(source, at)
        found.rules = found.rules or methodology.rules(source, table)
        return max(table.end, at + 1)
    if found.verdict is None and "constraints" in text:
        found.verdict = next((name for pattern, name in _VERDICTS if pattern.search(text)), None)
    elif found.section == "Timer Settings" and (match := _SETTING.fullmatch(line)) and not source.open(at):
        found.settings[match[1]] = match[2]
    return at + 1


def _block(source: Source, at: int, found: _Found) -> int:
    """Read the head of the details of a path group."""
    names: dict[str, str] = {}
    start = at
    while at < len(source.lines) and at < start + 3:
        name, colon, value = source.lines[at].strip().partition(":")
        if not colon or name not in ("Path Group", "From Clock", "To Clock") or name in names:
            break
        names[name] = value.strip()
        at += 1
    found.block = (names.get("Path Group", ""), names.get("From Clock", ""), names.get("To Clock", ""))
    found.shown = set()
    fields: dict[str, Any] = {}
    found.blocks.setdefault(found.block, []).append(fields)
    for index in range(at, min(at + 5, len(source.lines))):
        text = source.lines[index].strip()
        if (untimed := _UNTIMED.fullmatch(text)) and not source.open(index):
            fields[f"{untimed[1].casefold()}_delay_endpoints"] = int(untimed[2])
        match = _BLOCK.fullmatch(text)
        if match and not source.open(index):
            worst, total = {"Setup": ("wns", "tns"), "Hold": ("whs", "ths"), "PW": ("wpws", "tpws")}[match[1]]
            numbers = [values.reading(source, index, match[1], cell).value for cell in match.groups()[1:]]
            fields |= {f"{total}_failing_endpoints": numbers[0], f"{worst}_ns": numbers[1], f"{total}_ns": numbers[2]}
    return max(at, start + 1)


def _from_blocks(found: _Found) -> None:
    """Take the path groups from the heads of their details where an excerpt has no tables."""
    if found.timed.groups:
        return
    for (group, source_clock, to_clock), (fields, *_) in found.blocks.items():
        if "wns_ns" in fields or "whs_ns" in fields or "wpws_ns" in fields:
            kind = "other" if group else "intra" if source_clock == to_clock else "inter"
            found.timed.groups.append(PathGroup(kind, group or None, source_clock, to_clock, Slacks(**fields)))


def _complete(source: Source, found: _Found, command: str | None) -> None:
    """Note what a timing summary has and this text has not."""
    end = len(source.lines) - 1
    if found.timed.slacks is None:
        source.warn(end, "the text ends before the Design Timing Summary")
        return
    for section in ("Clock Summary", "Intra Clock Table", "Inter Clock Table", "Other Path Groups Table"):
        if section not in found.sections:
            source.warn(end, f"the text ends before the {section}")
            return
    if "Timing Details" not in found.sections:
        if command and "-no_detailed_paths" not in command:
            source.warn(end, "the text ends before the Timing Details")
        return
    if "-slack_lesser_than" in (command or ""):
        return  # not every group is shown
    for group in found.timed.groups:
        if (group.name or "", group.from_clock, group.to_clock) not in found.blocks:
            source.warn(end, f"the text ends before the details of '{group.clock[:80]}'")
            return
        if group.kind == "intra" and group.slacks.wpws_ns is not None and group.from_clock not in found.widths:
            source.warn(end, f"the text ends before the pulse widths of '{group.clock[:80]}'")
            return
    for untimed in _untimed(found):
        if untimed.max_delay_endpoints is None and untimed.min_delay_endpoints is None:
            source.warn(end, f"the text ends before the {untimed.kind} paths from '{untimed.from_clock[:80]}'")
            return
    head = found.blocks[found.block][-1] if found.block else {}
    for check, slack, endpoints in (("setup", "wns_ns", "max_delay_endpoints"), ("hold", "whs_ns", "min_delay_endpoints")):
        worst_slack = head.get(slack)
        expected = head.get(endpoints) or (worst_slack is not None and math.isfinite(worst_slack))
        if expected and check not in found.shown:
            source.warn(end, f"the text ends before the {check} paths of its last path group")
            return


def _report(found: _Found, checks: tuple[Check, ...]) -> TimingReport:
    timed = found.timed
    within = {group.from_clock: group.slacks for group in timed.groups if group.kind == "intra"}
    clocks = tuple(dataclasses.replace(clock, slacks=within.get(clock.name, Slacks())) for clock in timed.clocks)
    slacks = timed.slacks or Slacks()
    return TimingReport(
        slacks=slacks,
        verdict=found.verdict,
        worst_setup=worst.find("setup", slacks.wns_ns, timed.clocks, timed.groups, found.paths),
        worst_hold=worst.find("hold", slacks.whs_ns, timed.clocks, timed.groups, found.paths),
        worst_pulse_width=min(found.pulse_widths, key=lambda check: check.slack_ns, default=None),
        clocks=clocks,
        groups=tuple(timed.groups),
        untimed=_untimed(found),
        paths=tuple(found.paths),
        pulse_widths=tuple(found.pulse_widths),
        checks=checks,
        settings=found.settings,
    )


def _untimed(found: _Found) -> tuple[Untimed, ...]:
    """Return the groups without timing, with the endpoints that the heads of their details count, in the same order."""
    met: dict[tuple[str, str, str], int] = {}
    result = []
    for untimed in found.timed.untimed:
        key = (untimed.name, untimed.from_clock, untimed.to_clock)
        heads = found.blocks.get(key, [])
        met[key] = met.get(key, 0) + 1
        head = heads[met[key] - 1] if len(heads) >= met[key] else {}
        endpoints = {name: head[name] for name in ("max_delay_endpoints", "min_delay_endpoints") if name in head}
        result.append(dataclasses.replace(untimed, **endpoints))
    return tuple(result)
