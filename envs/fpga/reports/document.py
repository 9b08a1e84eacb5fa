"""What every report of Vivado has: a header, a title, a table of contents, and tables under numbered headings."""

import dataclasses
import re

from neurorl.envs.fpga.reports import tables
from neurorl.envs.fpga.reports.tables import Table
from neurorl.envs.fpga.reports.text import ReportError, Source

TITLES = {
    "Timing Summary Report": "timing",
    "Timing Report": "timing",
    "Utilization Design Information": "utilization",
    "Power Report": "power",
    "Report Methodology": "methodology",
    "Report DRC": "drc",
}
COMMANDS = {
    "report_timing_summary": "timing",
    "report_timing": "timing",
    "report_utilization": "utilization",
    "report_power": "power",
    "report_methodology": "methodology",
    "report_drc": "drc",
}
READ = "report_timing_summary, report_timing, report_utilization, report_power and report_methodology"

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
_FIELD = re.compile(r"\|?\s{0,8}([A-Z][A-Za-z]{2,15}(?: [A-Za-z]{3,12})?)\s{0,40}:(?: (.*))?$")
_VERSION = re.compile(r"Vivado\b[^0-9\n]{0,40}((?:19|20)[0-9]{2}\.[0-9](?:\.[0-9])?)\b")
_HEADING = re.compile(r"[0-9]{1,3}\.(?:[0-9]{1,3}\.?)* ?\S.*")


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
    kind: str  # of the report around it; empty in an excerpt


@dataclasses.dataclass(frozen=True)
class Document:
    """A text, taken apart as far as all reports are alike."""

    source: Source
    kind: str  # of the first report; "excerpt" where no title and no command tells
    header: Header
    tables: tuple[Placed, ...]
    titles: frozenset[str]


def scan(source: Source) -> Document:
    """Take a text apart.

    Raises:
        ReportError: It is a report of a kind that is not read here.
    """
    found: list[Placed] = []
    titles: list[str] = []
    contents: dict[str, int] = {}  # heading that the contents list, and the index of that line
    seen: dict[str, int] = {}  # heading that was met
    heading, kind = "", ""
    lines = source.lines
    at = 0
    while at < len(lines):
        text = lines[at].strip()
        if not text:
            pass
        elif text in TITLES:
            if text in titles and text != "Timing Report":
                source.warn(at, f"a second '{text}' begins here; it and what follows were not read")
                del lines[at:]
                source.ended = True
                break
            titles.append(text)
            kind, heading = TITLES[text], ""
        elif text.startswith("+-") and not any(line.strip() for line in lines[at + 1 : at + 10]):
            source.warn(at, "the text ends at the border of a table")
        elif text == "Table of Contents":
            end = _contents(lines, at + 1, contents)
            if end >= len(lines):
                source.warn(at, "the text ends inside this table of contents")
            at = end
            continue
        elif tables.is_bordered(lines, at):
            table = tables.bordered(source, at)
            found.append(Placed(table, heading, kind))
            at = max(table.end, at + 1)
            continue
        elif text[0].isdigit() and _is_heading(lines, at, text):
            heading = text.split(" ", 1)[-1]
            seen[text] = at
        at += 1
    _complete(source, contents, seen, kind)
    header = _header(source)
    return Document(source, _kind(source, titles, header), header, tuple(found), frozenset(titles))


def _contents(lines: list[str], at: int, contents: dict[str, int]) -> int:
    """Add the headings that a table of contents lists, which begins at ``at``; return the index after it."""
    while at < len(lines) and lines[at].strip():
        text = lines[at].strip()
        if _HEADING.fullmatch(text):
            contents[text] = at
        at += 1
    return at


def _is_heading(lines: list[str], at: int, text: str) -> bool:
    return at + 1 < len(lines) and lines[at + 1].startswith("---") and _HEADING.fullmatch(text) is not None


def _complete(source: Source, contents: dict[str, int], seen: dict[str, int], kind: str) -> None:
    """Note the sections which the contents list, and the text has not."""
    end = len(source.lines) - 1
    missing = [heading for heading in contents if heading not in seen]
    if missing:
        names = ", ".join(f"'{heading[:60]}'" for heading in missing[:3]) + (", ..." if len(missing) > 3 else "")
        source.warn(end, f"the text ends without {names}, which its contents on line {contents[missing[0]] + 1} list")
    elif seen and kind in ("utilization", "power") and not any(line.strip() for line in source.lines[max(seen.values()) + 2 :]):
        source.warn(end, "the text ends before the table of its last section")


def _header(source: Source) -> Header:
    """Return the header, which stands before everything else."""
    fields: dict[str, str] = {}
    last = ""
    for at, line in enumerate(source.lines[:60]):
        text = line.strip()
        if source.open(at):
            break  # the value may be cut
        match = _FIELD.fullmatch(text)
        name = _FIELDS.get(match[1].casefold(), "") if match else ""
        if match and name and name not in fields:
            fields[name] = (match[2] or "").strip()
            last = name
        elif last and re.match(r"\|\s{6,}\S", text):  # a long command, wrapped by hand
            fields[last] += " " + text[1:].strip()
        elif text in TITLES:
            break
        else:
            last = ""
    version = _VERSION.search(fields.get("tool_version", ""))
    if version is None:
        version = next(filter(None, (_VERSION.search(line[:400]) for line in source.lines[:60])), None)
    present = {name: value for name, value in fields.items() if value}
    return Header(vivado=version[1] if version else None, **present)


def _kind(source: Source, titles: list[str], header: Header) -> str:
    if titles:
        return TITLES[titles[0]]
    command = (header.command or "").split(" ", 1)[0]
    if command in COMMANDS:
        source.warn(len(source.lines) - 1, "the text ends before its title")
        return COMMANDS[command]
    if header.tool_version and command:
        line = next(i for i, text in enumerate(source.lines) if "Command" in text)
        raise ReportError(f"this is the report of '{command[:60]}'; what is read are {READ}", line + 1)
    return "excerpt"
