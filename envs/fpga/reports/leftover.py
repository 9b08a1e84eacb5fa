"""What of a report was not read although it looks like data: no row is lost without a word."""

import re

from neurorl.envs.fpga.reports import dashed, paths, pulse_width, tables, values
from neurorl.envs.fpga.reports.document import Document

_DECIMAL = re.compile(r"(?<![\w.-])[-+]?[0-9]{1,15}\.[0-9]{3}(?![\w.])")
_STARTS = {
    ("required time ", "arrival time ", "slack "): "the end of a path",
    ("setup :", "hold :", "hold  :", "pw :", "pw    :", "max delay  ", "min delay  "): "the head of a path group",
    ("from clock:", "to clock:", "clock name:"): "the head of a path group",
    ("there is ", "there are "): "a finding of check_timing",
}
_HEADING = re.compile(r"[0-9]{1,2}\.(?:[0-9]{1,2}\.?)? ?[A-Z][A-Za-z/ &-]{1,60}")
_CHECKING = re.compile(r"[0-9]{1,3}\. checking ", re.IGNORECASE)
_WORDS = frozenset(("user ignored path table", "unconstrained path table"))
_RULE = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,6}\s++(?:critical |warning|advisory|error|info)", re.IGNORECASE)


def warn(document: Document) -> None:
    """Note the lines that no part of a report read and that look like rows, slacks, paths, counts or names of a table."""
    source = document.source
    lines = source.lines
    for placed in document.tables if document.kind == "excerpt" else ():
        tables.tell_untaken(source, placed.table)
    section = ""
    first, count, last = -1, 0, ""
    for at, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if text.startswith("| ") and at + 1 < len(lines) and lines[at + 1].startswith("| -"):
            section = text[2:].strip().casefold()
        what = "" if source.seen[at] else _looks(line, text, document.kind, section)
        if count and what != last:
            _say(document, first, count, last)
            count = 0
        if what:
            first = at if not count else first
            count += 1
        last = what
    if count:
        _say(document, first, count, last)


def _say(document: Document, first: int, count: int, what: str) -> None:
    source = document.source
    source.warn(first, f"{f'{count} lines look' if count > 1 else 'the line looks'} like {what}, and could not be read")


def _looks(line: str, text: str, kind: str, section: str) -> str:
    """Return what an unread line looks like, or nothing."""
    if text[0] == "|" and text[-1] == "|" and len(text) > 2:
        return "rows of a table"
    if text[0] == "+" and text[-1] == "+" and "--" in text:
        return "the border of a table"
    low = text[:60].casefold()
    name = text[:60].split(" ", 1)[0]
    if kind in ("methodology", "drc") and "#" in name and "-" in name and name[-1].isdigit():
        return "the violation of a rule"
    if dashed.kind(line):
        return "the names of a table"
    if kind in ("methodology", "drc"):  # whose sentences may say anything
        return "the summary of rules" if low.startswith(("violations found:", "checks found:")) else ""
    for starts, what in _STARTS.items():
        if low.startswith(starts):
            return what
    if paths.is_path(line) or ((said := paths.label(line)) in paths.LABELS and said not in ("source", "requirement")):
        return "a path"
    if _CHECKING.match(text):
        return "a check of check_timing"
    if kind in ("utilization", "power") and _HEADING.fullmatch(text[:200]):
        return "the heading of a section"
    if _RULE.match(text):
        return "rows of a table"
    if section in _WORDS and not dashed.dashes(text) and not low.startswith("note:") and text[0] != "|":
        return "rows of a table"
    decimals = len(_DECIMAL.findall(text[:2_000]))
    if decimals >= 2 and (pulse_width.is_row(line) or (not any(mark in text for mark in "=:/") and _numbers(text))):
        return "rows of a table"
    return ""


def _numbers(text: str) -> bool:
    """Return whether at least half of the words of a line are numbers."""
    words = text.split()[:100]
    read = 0
    for word in words:
        try:
            values.read(word.strip("{}"))
        except ValueError:
            continue
        read += 1
    return 2 * read >= len(words)
