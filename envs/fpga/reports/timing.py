"""Static timing, from ``report_timing_summary`` and ``report_timing``.

Setup is whether data arrive early enough, hold whether they stay long enough, pulse width whether clocks are slow enough.
WNS, WHS and WPWS are the worst slack of each, below 0 where it is violated; TNS, THS and TPWS are the sums over the endpoints
that fail.
"""

import dataclasses
import math
import re
from typing import Any

from neurorl.envs.fpga.reports import check_timing, clocks, dashed, methodology, paths, pulse_width, values, worst
from neurorl.envs.fpga.reports.check_timing import Check
from neurorl.envs.fpga.reports.clocks import Clock, PathGroup, Slacks, Timed, Untimed
from neurorl.envs.fpga.reports.document import Document
from neurorl.envs.fpga.reports.methodology import Rule
from neurorl.envs.fpga.reports.paths import Path
from neurorl.envs.fpga.reports.pulse_width import PulseWidthCheck
from neurorl.envs.fpga.reports.text import Source
from neurorl.envs.fpga.reports.worst import Worst

MAX_PATHS = 20_000
_VERDICTS = {
    "timing constraints are not met": "not_met",
    "all user specified timing constraints are met": "met",
    "there are no user specified timing constraints": "no_constraints",
}
SUMMARY, TABLES = "report_timing_summary", ("clock summary", "intra clock table", "inter clock table", "other path groups table")
SECTIONS = frozenset(
    (
        *TABLES,
        *("timer settings", "report methodology", "design timing summary", "user ignored path table", "unconstrained path table"),
        *("timing details", "check_timing report"),
    )
)
# Settings of the timer, which are told by their names where their heading is lost.
SETTINGS = frozenset(
    (
        *("enable multi corner analysis", "enable pessimism removal", "pessimism removal resolution"),
        *("enable input delay default clock", "enable preset / clear arcs", "disable flight delays", "ignore i/o paths"),
        *("timing early launch at borrowing latches", "borrow time for max delay exceptions", "merge timing exceptions"),
        "inter-slr compensation",
    )
)
_BLOCK = (("failing endpoint", ""), ("", "worst slack"), ("", "total violation"))  # after and before each number
_UNTIMED = re.compile(r"(max|min) delay\s++([0-9]{1,12})\s++endpoints?", re.IGNORECASE)


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


_Key = tuple[str | None, str | None, str | None]  # path group, clock at the source, clock at the destination


@dataclasses.dataclass
class _Found:
    """What was met so far."""

    timed: Timed = dataclasses.field(default_factory=Timed)
    verdict: str | None = None
    verdict_at: int = 0  # the line of it
    paths: list[Path] = dataclasses.field(default_factory=list)
    pulse_widths: list[PulseWidthCheck] = dataclasses.field(default_factory=list)
    rules: tuple[Rule, ...] = ()
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    blocks: dict[_Key, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)  # heads of the details
    block_at: dict[_Key, int] = dataclasses.field(default_factory=dict)  # the line of the first head of each
    widths: set[str] = dataclasses.field(default_factory=set)  # clocks whose pulse widths were met
    block: _Key | None = None  # the one that was met last
    shown: set[str | None] = dataclasses.field(default_factory=set)  # checks of the paths under it
    cells: list[bool] = dataclasses.field(default_factory=list)  # whether the cells and nets of each path were shown
    section: str = ""  # in small letters
    sections: set[str] = dataclasses.field(default_factory=set)

    @property
    def said(self) -> bool:
        """Whether there was anything that only Vivado writes."""
        whole = any(path.source and path.destination and path.path_type for path in self.paths)
        heads = any(fields for heads in self.blocks.values() for fields in heads)
        return self.timed != Timed() or whole or bool(self.pulse_widths) or heads


def parse(document: Document) -> tuple[TimingReport | None, tuple[Rule, ...]]:
    """Return the timing that a text tells, or None where it tells nothing of it, and the methodology rules in it."""
    source, found = document.source, _Found()
    checks = check_timing.parse(source)
    at = 0
    while at < len(source.lines):
        if source.seen[at] or not source.lines[at].strip():
            at += 1
        else:
            at = _line(source, at, found)
    said = found.said or found.sections or any(check.name in check_timing.KNOWN for check in checks)
    if not (said or (document.kind == "timing" and document.header.command)):
        if found.verdict:
            source.warn(found.verdict_at, "the text says whether timing is met, but has no timing")
        return None, found.rules
    _from_blocks(source, found)
    if found.cells and not found.cells[-1] and (any(found.cells) or document.title):
        source.warn(len(source.lines) - 1, "the text ends before the cells and nets of its last path")
    if document.title and document.command == SUMMARY:
        _complete(source, found, document.header.command)
    elif document.kind == "timing" and not (found.paths or found.timed.slacks):
        source.warn(len(source.lines) - 1, "the text ends before its first path")
    return _report(found, checks), found.rules


def join(first: TimingReport, second: TimingReport) -> TimingReport | None:
    """Return ``first`` with the paths of ``second``, a ``report_timing`` of the same design; None: that is another summary."""
    if dataclasses.replace(second, paths=(), worst_setup=None, worst_hold=None, settings={}) != TimingReport():
        return None
    joined = dataclasses.replace(first, paths=first.paths + second.paths, settings=first.settings | second.settings)
    if first.slacks == Slacks() and not first.groups:
        joined = dataclasses.replace(
            joined,
            worst_setup=worst.find("setup", None, [], [], list(joined.paths)),
            worst_hold=worst.find("hold", None, [], [], list(joined.paths)),
        )
    return joined


def _line(source: Source, at: int, found: _Found) -> int:
    """Read what stands at the line ``at`` into ``found``; return the index to go on at."""
    line = source.lines[at]
    text = line.strip()
    low = text[:40].casefold()
    if text.startswith("| "):
        following = source.lines[at + 1].strip() if at + 1 < len(source.lines) else ""
        name = " ".join(text[2:].split()).casefold()
        if following.startswith("| -") or name in SECTIONS:
            found.section = name
            found.sections |= {name} & SECTIONS
            source.mark(at, at + 1 + following.startswith("| -"))
        return at + 1
    if paths.is_path(line):
        return _path(source, at, found)
    if low.startswith(("from clock:", "path group:")):
        return _block(source, at, found)
    if low.startswith("pulse width checks") or (low.startswith("check type") and pulse_width.is_names(line)):
        clock, checks, end = pulse_width.parse_checks(source, at)
        found.pulse_widths += checks
        found.widths |= {clock} if clock is not None else set()
        return max(end, at + 1)
    if kind := dashed.kind(line):
        if kind != "rules":
            end = clocks.parse_table(source, at, kind, found.section, found.timed)
            found.section = ""  # which has one table: of another one, the heading is lost
            return end
        table = dashed.table(source, at)
        found.rules = tuple(dict.fromkeys(found.rules + methodology.rules(source, table)))
        return max(table.end, at + 1)
    if verdict := _VERDICTS.get(text[:60].rstrip(".").casefold()):
        source.mark(at)
        if found.verdict not in (None, verdict):
            source.warn(at, f"the text says before that timing is {found.verdict}, and here that it is {verdict}")
        found.verdict, found.verdict_at = found.verdict or verdict, at
    elif low in ("check_timing report", "max delay paths", "min delay paths"):
        source.mark(at)
    elif ": " in text[:130] and not source.open(at):
        name, _, value = text.partition(": ")
        named = " ".join(name.split()).casefold() in SETTINGS
        if named or (found.section == "timer settings" and not value.startswith("[")):  # and no message of the tool
            found.settings[name.strip()] = value.strip()[:80]
            source.mark(at)
    return at + 1


def _path(source: Source, at: int, found: _Found) -> int:
    path, end, cells = paths.parse(source, at)
    if path is not None and len(found.paths) < MAX_PATHS:
        found.paths.append(path)
        found.cells.append(cells)
        found.shown.add(path.check)
        if len(found.paths) == MAX_PATHS:
            source.warn(at, f"only the first {MAX_PATHS:,} paths were kept")
    return end


def _block(source: Source, at: int, found: _Found) -> int:
    """Read the head of the details of a path group."""
    names: dict[str, str] = {}
    lines = source.lines
    start = at
    while at < len(lines):
        name = paths.label(lines[at])
        if name in ("path group", "from clock", "to clock") and name not in names:
            names[name] = lines[at].partition(":")[2].strip()
        elif lines[at].strip() or at + 1 >= len(lines) or paths.label(lines[at + 1]) != "to clock":
            break
        at += 1
    if not {"from clock", "to clock"} <= set(names):
        return max(at, start + 1)
    found.block = (names.get("path group") or None, names["from clock"] or None, names["to clock"] or None)
    found.shown = set()
    fields: dict[str, Any] = {}
    found.blocks.setdefault(found.block, []).append(fields)
    found.block_at.setdefault(found.block, start)
    for index in range(at, min(at + 6, len(lines))):
        text = lines[index].strip()
        if (untimed := _UNTIMED.fullmatch(text)) and not source.open(index):
            fields[f"{untimed[1].casefold()}_delay_endpoints"] = int(untimed[2])
            source.mark(index)
        check, colon, rest = text.partition(":")
        slack = {"setup": ("wns", "tns"), "hold": ("whs", "ths"), "pw": ("wpws", "tpws")}.get(check.strip().casefold())
        cells = _slack_cells(rest) if colon and slack else None
        if slack and cells and not source.open(index):
            numbers = [values.reading(source, index, check.strip(), cell).value for cell in cells]
            fields |= {f"{slack[1]}_failing_endpoints": numbers[0], f"{slack[0]}_ns": numbers[1], f"{slack[1]}_ns": numbers[2]}
            source.mark(index)
    if fields:
        source.mark(start, at)
    return max(at, start + 1)


def _slack_cells(text: str) -> list[str] | None:
    """Return the numbers of ``1 Failing Endpoint, Worst Slack -0.1ns, Total Violation -0.1ns``, perhaps empty, or None."""
    cells = []
    parts = text.split(",")
    if len(parts) != len(_BLOCK):
        return None
    for part, (after, before) in zip(parts, _BLOCK, strict=True):
        said = " ".join(part.split())
        low = said.casefold()
        if not low.startswith(before) or after not in low:
            return None
        cell = said[len(before) : low.index(after) if after else None].strip()
        cells.append(cell[:-2].strip() if cell[-2:].casefold() == "ns" else cell)
    return cells


def _from_blocks(source: Source, found: _Found) -> None:
    """Take the path groups of which no table tells from the heads of their details; an excerpt may have no tables."""
    timed = found.timed
    known: set[_Key] = {(group.name, group.from_clock, group.to_clock) for group in timed.groups}
    known |= {(paths.name, paths.from_clock, paths.to_clock) for paths in timed.untimed}
    drawn = bool(timed.groups)
    for key, (fields, *_) in found.blocks.items():
        group, from_clock, to_clock = key
        at = found.block_at[key]
        if key in known:
            continue
        if "wns_ns" in fields or "whs_ns" in fields or "wpws_ns" in fields:
            kind = "other" if group else "intra" if from_clock == to_clock else "inter"
            timed.groups.append(PathGroup(kind, group, from_clock, to_clock, Slacks(**fields)))
            if drawn:
                source.warn(at, "no table of the text has the path group of these details")
        elif fields:
            timed.untimed.append(Untimed(group, from_clock, to_clock, clocks.unknown(source, at)))


def _complete(source: Source, found: _Found, command: str | None) -> None:
    """Note what a timing summary has and this text has not."""
    end = len(source.lines) - 1
    if found.timed.slacks is None:
        source.warn(end, "the text ends before the Design Timing Summary")
        return
    for section in TABLES:
        if section not in found.sections:
            source.warn(end, f"the text ends before the {section.title()}")
            return
    if "timing details" not in found.sections:
        if command and "-no_detailed_paths" not in command:
            source.warn(end, "the text ends before the Timing Details")
        return
    if "-slack_lesser_than" in (command or ""):
        return  # not every group is shown
    for group in found.timed.groups:
        if (group.name, group.from_clock, group.to_clock) not in found.blocks:
            source.warn(end, f"the text ends before the details of '{group.clock[:80]}'")
            return
        if group.kind == "intra" and group.slacks.wpws_ns is not None and group.from_clock not in found.widths:
            source.warn(end, f"the text ends before the pulse widths of '{group.clock[:80]}'")
            return
    for untimed in _untimed(found):
        if untimed.max_delay_endpoints is None and untimed.min_delay_endpoints is None:
            source.warn(end, f"the text ends before the {untimed.kind} paths from '{(untimed.from_clock or '')[:80]}'")
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
    met: dict[_Key, int] = {}
    result = []
    for untimed in found.timed.untimed:
        key = (untimed.name, untimed.from_clock, untimed.to_clock)
        heads = found.blocks.get(key, [])
        met[key] = met.get(key, 0) + 1
        head = heads[met[key] - 1] if len(heads) >= met[key] else {}
        endpoints = {name: head[name] for name in ("max_delay_endpoints", "min_delay_endpoints") if name in head}
        result.append(dataclasses.replace(untimed, **endpoints))
    return tuple(result)
