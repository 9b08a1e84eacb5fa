"""What every report of Vivado has: a header, a title, a table of contents, and tables under numbered headings.

A text may hold several reports, or a log around them: it is first split where a header or a title begins, so that the rows of two
reports never mix, and each part is then read by itself.
"""

import dataclasses
import re

from neurorl.envs.fpga.reports import dashed, tables
from neurorl.envs.fpga.reports.tables import Table
from neurorl.envs.fpga.reports.text import Source

COMMANDS = {
    "report_timing_summary": "timing",
    "report_timing": "timing",
    "report_utilization": "utilization",
    "report_power": "power",
    "report_methodology": "methodology",
    "report_drc": "drc",
}
TITLES = {
    "Timing Summary Report": "report_timing_summary",
    "Timing Report": "report_timing",
    "Utilization Design Information": "report_utilization",
    "Power Report": "report_power",
    "Report Methodology": "report_methodology",
    "Report DRC": "report_drc",
    # Known, and not read:
    "Design Route Status": "report_route_status",
    "IO Information": "report_io",
    "Control Set Information": "report_control_sets",
    "Clock Utilization Report": "report_clock_utilization",
    "Bus Skew Report": "report_bus_skew",
    "Clock Interaction Report": "report_clock_interaction",
    "CDC Report": "report_cdc",
    "Clock Report": "report_clocks",
    "Clock Networks Report": "report_clock_networks",
    "Exceptions Report": "report_exceptions",
    "High Fan-out Nets Information": "report_high_fanout_nets",
    "High Fanout Nets Information": "report_high_fanout_nets",
    "Incremental Implementation Information": "report_incremental_reuse",
    "RAM Utilization Report": "report_ram_utilization",
    "Report Datasheet": "report_datasheet",
    "Report Design Analysis": "report_design_analysis",
    "Report Pulse Width": "report_pulse_width",
    "Report QoR Suggestions": "report_qor_suggestions",
    "Simultaneous Switching Noise Report": "report_ssn",
    "SSN Report": "report_ssn",
}
_TITLES = {title.casefold(): title for title in TITLES}
READ = f"{', '.join(list(COMMANDS)[:-1])} and {list(COMMANDS)[-1]}"
MAX_HEADER = 60  # lines
MAX_PARTS = 500  # reports of a text
MAX_TABLES = 10_000  # bordered ones of a report

_FIELDS = {
    "tool version": "tool_version",
    "date": "date",
    "host": "host",
    "command": "command",
    "design": "design",
    "device": "device",
    "speed file": "speed_file",
    "temperature grade": "temperature_grade",
    "design state": "design_state",
    "grade": "grade",
    "process": "process",
    "characterization": "characterization",
}
_VERSION = re.compile(r"Vivado\b[^0-9\n]{0,40}((?:19|20)[0-9]{2}\.[0-9](?:\.[0-9])?)\b", re.IGNORECASE)
_HEADING = re.compile(r"[0-9]{1,3}\.(?:[0-9]{1,3}\.?){0,6} ?\S.*+")


@dataclasses.dataclass(frozen=True)
class Header:
    """The header of a report; None where it does not say."""

    vivado: str | None = None  # version, as in "2019.1"
    tool_version: str | None = None
    date: str | None = None
    host: str | None = None
    command: str | None = None
    design: str | None = None
    device: str | None = None
    speed_file: str | None = None  # grade, status, version and date of the timing model
    temperature_grade: str | None = None
    design_state: str | None = None  # "Synthesized", "Fully Placed", "Routed", ...
    grade: str | None = None
    process: str | None = None
    characterization: str | None = None


@dataclasses.dataclass(frozen=True)
class Placed:
    """A bordered table, and where in the report it stands."""

    table: Table
    heading: str  # of the section, without its number


@dataclasses.dataclass(frozen=True)
class Document:
    """A report, taken apart as far as all reports are alike."""

    source: Source
    kind: str  # "excerpt" where no title and no command tells
    command: str  # by which Vivado writes it; empty in an excerpt
    title: str  # empty where there is none
    header: Header
    tables: tuple[Placed, ...] = ()
    listed: bool = False  # whether it has a table of contents

    @property
    def read(self) -> bool:
        """Whether it is an excerpt, or a report of a kind that is read."""
        return self.kind != ""


@dataclasses.dataclass
class _Start:
    """Where a part of a text begins."""

    at: int
    headed: bool = False
    title: str = ""
    summarized: bool = False  # whether it has the slacks of a design
    command: str = ""

    @property
    def kind(self) -> str:
        """The kind that its title or its command tells, empty for another text."""
        return COMMANDS.get(TITLES.get(self.title, self.command), "")

    @property
    def unread(self) -> bool:
        """Whether it is a report of a kind that is not read."""
        return self.kind == "" and bool(self.title or self.command)


def split(source: Source) -> list[Document]:
    """Return the reports of a text, each with its header; their tables are not read yet."""
    lines = source.lines
    starts = [_Start(0)]
    for at, line in enumerate(lines):
        text = line.strip()
        last = starts[-1]
        if len(starts) > MAX_PARTS:
            source.warn(last.at, f"only the first {MAX_PARTS} reports of the text were read")
            break
        if text.startswith("|") and _field(text) and not (at and _field(lines[at - 1].strip())):
            if not (last.headed and not last.title and at - last.at <= MAX_HEADER):
                starts.append(_Start(max(_box(lines, at), last.at), headed=True))
            for field in lines[at : at + 20]:
                if _field(field.strip()) == "command" and not starts[-1].command:
                    starts[-1].command = field.partition(":")[2].strip().split(" ", 1)[0].casefold()
        elif len(text) < 50 and text.casefold() in _TITLES:
            title = _TITLES[text.casefold()]
            if last.headed and not last.title and at - last.at <= MAX_HEADER:
                last.title = title
            elif title == last.title and not any(line.strip(" -") for line in lines[max(at - 3, 0) : at] if line.strip() != text):
                source.mark(at)  # the same title twice
            elif not (title == last.title == "Timing Report"):
                starts.append(_Start(max(_box(lines, at), last.at), title=title))
        elif ("(ns)" in text or "(NS)" in text or "(Ns)" in text) and (kind := dashed.kind(line)) and kind != "rules":
            if last.kind not in ("", "timing") or (kind == "design" and (last.summarized or last.unread)):
                starts.append(_Start(at))
            starts[-1].summarized |= kind == "design"
        elif text.startswith("|") and last.kind and _begins_excerpt(lines, at, last.kind):
            starts.append(_Start(at))
    ends = [start.at for start in starts[1:]] + [len(lines)]
    starts = starts[:MAX_PARTS]
    parts = [_document(source.part(start.at, end), start) for start, end in zip(starts, ends, strict=False) if start.at < end]
    return [part for part in parts if any(line.strip() for line in part.source.lines)]


def _begins_excerpt(lines: list[str], at: int, kind: str) -> bool:
    """Return whether a table begins at the line ``at`` that a report of this kind has not."""
    return tables.is_markdown(lines, at) or (kind != "utilization" and tables.counts_sites(lines[at]))


def _field(text: str) -> str:
    """Return which field of a header a stripped line has, or nothing."""
    name, colon, _ = text[:40].partition(":")
    return _FIELDS.get(" ".join(name.strip("| ").split()).casefold(), "") if colon and not text.endswith("|") else ""


def _box(lines: list[str], at: int) -> int:
    """Return where the header begins that stands before or at the line ``at``: rules, bars and the copyright above it."""
    start = at
    while start and at - start < MAX_HEADER:
        text = lines[start - 1].strip()
        bar = text.startswith("|") and not text.endswith("|")
        if not (bar or text.startswith("Copyright") or (text.startswith("---") and not text.strip("-")) or not text):
            break
        start -= 1
    while start < at and not lines[start].strip():
        start += 1
    return start


def _document(source: Source, start: _Start) -> Document:
    header = _header(source)
    command = TITLES.get(start.title, "") or (header.command or "").split(" ", 1)[0].casefold()
    if command in COMMANDS and not start.title:
        source.warn(min(len(source.lines), MAX_HEADER) - 1, "the header is not followed by a title")
    kind = COMMANDS.get(command, "" if command.startswith("report_") or start.title else "excerpt")
    return Document(source, kind, command, start.title, header)


def _header(source: Source) -> Header:
    """Return the header, which stands before everything else."""
    fields: dict[str, str] = {}
    last = ""
    for at, line in enumerate(source.lines[:MAX_HEADER]):
        text = line.strip()
        if text.casefold() in _TITLES:
            source.mark(at)
            break
        name = _field(text)
        if source.open(at):
            break  # the value may be cut
        if name:
            source.mark(at)
            if name not in fields:
                fields[name] = text.partition(":")[2].strip()
                last = name
        elif (
            last and text.startswith("|      ") and text[1:].strip(" :") and ":" not in text[:40]
        ):  # a long command, wrapped by hand
            fields[last] += " " + text[1:].strip()
            source.mark(at)
        else:
            if fields and text.startswith("|") and ":" in text[:40] and not text.endswith("|"):
                source.mark(at)
                name = text[1:40].partition(":")[0].strip()
                source.warn(at, f"the header has {name!r}, which is not known", partial=not name)
            last = ""
    version = _VERSION.search(fields.get("tool_version", "")[:400])
    if version is None:
        version = next(filter(None, (_VERSION.search(line[:400]) for line in source.lines[:MAX_HEADER])), None)
    present = {name: value for name, value in fields.items() if value}
    return Header(vivado=version[1] if version else None, **present)


def scan(document: Document) -> Document:
    """Return a report with its bordered tables."""
    source = document.source
    lines = source.lines
    found: list[Placed] = []
    contents: dict[str, int] = {}  # heading that the contents list, and the index of that line
    seen: dict[str, int] = {}  # heading that was met
    heading = ""
    at = 0
    while at < len(lines):
        text = lines[at].strip()
        if text.startswith("+-") and not any(line.strip() for line in lines[at + 1 : at + 10]):
            source.warn(at, "the text ends at the border of a table")
            source.mark(at)
        elif text.casefold() == "table of contents":
            end = _contents(source, at + 1, contents)
            if end >= len(lines):
                source.warn(at, "the text ends inside this table of contents")
            at = end
            continue
        elif text[:1] in ("+", "|", "-", "=") and tables.is_bordered(lines, at):
            table = tables.bordered(source, at)
            heading = "" if tables.is_markdown(lines, at) else heading
            found.append(Placed(table, heading))
            at = max(table.end, at + 1)
            if len(found) == MAX_TABLES:
                source.warn(at - 1, f"only the first {MAX_TABLES:,} tables were read")
                break
            continue
        elif text[:1].isdigit() and _is_heading(lines, at, text, contents):
            heading = text.split(" ", 1)[-1]
            seen[text] = at
            if ". checking " not in text:  # which the checks of a timing summary mark
                source.mark(at)
        at += 1
    _complete(document, contents, seen)
    return dataclasses.replace(document, tables=tuple(found), listed=bool(contents))


def _contents(source: Source, at: int, contents: dict[str, int]) -> int:
    """Add the headings that a table of contents lists, which begins at ``at``; return the index after it."""
    lines = source.lines
    if at < len(lines) and dashed.dashes(lines[at]):
        at += 1
    while at < len(lines) and (text := lines[at].strip()):
        if text in contents or not _HEADING.fullmatch(text):
            break
        contents[text] = at
        source.mark(at)
        at += 1
    return at


def _is_heading(lines: list[str], at: int, text: str, contents: dict[str, int]) -> bool:
    if text in contents:
        return True
    if at + 1 >= len(lines) or not _HEADING.fullmatch(text):
        return False
    between = lines[at + 1].lstrip()[:1]  # of a line of a log, which came between the heading and its dashes
    strange = between and not between.isdigit() and between not in "+|" and at + 2 < len(lines)
    return dashed.dashes(lines[at + 1]) or bool(strange and dashed.dashes(lines[at + 2]))


def _complete(document: Document, contents: dict[str, int], seen: dict[str, int]) -> None:
    """Note the sections which the contents list, and the text has not."""
    source = document.source
    end = len(source.lines) - 1
    missing = [heading for heading in contents if heading not in seen]
    if missing:
        names = ", ".join(f"'{heading[:60]}'" for heading in missing[:3]) + (", ..." if len(missing) > 3 else "")
        source.warn(
            end, f"the text has no section {names}, which its contents on line {source.numbers[contents[missing[0]]]} list"
        )
        return
    last = max(seen.values(), default=end)
    if document.kind in ("utilization", "power") and seen and not any(line.strip() for line in source.lines[last + 2 :]):
        source.warn(end, "the text ends before the table of its last section")
