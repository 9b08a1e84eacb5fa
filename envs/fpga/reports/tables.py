"""The two ways in which Vivado draws a table.

Bordered, in utilization, power and methodology reports (and with ``|---|`` in Markdown)::

    +------------+------+-------+        a border, the names, a border, rows, a border; more rows and a border may follow.
    |  Site Type | Used | Util% |        Without names (the summary of power) there are two borders only.
    +------------+------+-------+
    | CLB LUTs   |   92 | <0.01 |
    +------------+------+-------+

Dashed, in timing reports: names over dashes, then rows until an empty line. Words stand at the left of their column and numbers
at its right, and cells may be empty, so a cell belongs to the column that it is aligned with::

    Clock         WNS(ns)      TNS(ns)
    -----         -------      -------
    sys_clk         5.239        0.000
"""

import dataclasses
import itertools
import re

from neurorl.envs.fpga.reports import values
from neurorl.envs.fpga.reports.text import Source

MAX_ROWS = 100_000  # of a bordered table, which may list every instance of a design
MAX_GROUPS = 10_000  # rows of a dashed table, which lists clocks or pairs of them
MAX_COLUMNS = 100
_BORDER = re.compile(r"\+(?:[-=]+\+)+")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")  # Markdown's
_CELL = re.compile(r"\S+(?: \S+)*")
_SLACK_NAME = re.compile(r"T(?:N|H|PW)S (?:Failing|Total) Endpoints|(?:From|To) Clock|Path Group|\S+")  # apart by one space too


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[str, ...]
    line: int  # index
    indent: int = 0  # spaces before the first cell, by which Vivado shows what belongs to what
    cut: bool = False  # whether the text ends within the row


@dataclasses.dataclass(frozen=True)
class Table:
    """A table as it stands."""

    columns: tuple[str, ...]  # empty where the table has no names
    rows: tuple[Row, ...]
    line: int  # index of its first line
    end: int  # index after its last line


def is_bordered(lines: list[str], start: int) -> bool:
    """Return whether a bordered table begins at ``start``."""
    text = lines[start].strip()
    if text.startswith("+"):
        return _BORDER.fullmatch(text) is not None and start + 1 < len(lines) and lines[start + 1].lstrip().startswith("|")
    if not (text.startswith("|") and text.endswith("|") and len(text) > 1) or start + 1 >= len(lines):
        return False
    return _RULE.fullmatch(lines[start + 1].strip()) is not None


def bordered(source: Source, start: int) -> Table:
    """Return the bordered table that begins at ``start``; what is damaged or cut in it is noted and left out."""
    lines = source.lines
    groups: list[list[Row]] = [[]]
    borders, border = 0, ""
    markdown = not lines[start].lstrip().startswith("+")
    at = start
    while at < len(lines):
        text = lines[at].strip()
        if _BORDER.fullmatch(text) or (markdown and _RULE.fullmatch(text)):
            borders += 1
            border = border or text
            if groups[-1]:
                groups.append([])
            if borders > 1 and not _goes_on(lines, at + 1, groups):
                at += 1
                break
        elif text.startswith("|"):
            cells = _cells(text, border)
            if cells is None:
                source.warn(at, "the row of the table has no end")
            else:
                inner = lines[at].lstrip()[1:]
                groups[-1].append(Row(cells, at, max(len(inner) - len(inner.lstrip(" ")) - 1, 0)))
        else:
            break
        at += 1
    if not groups[-1]:
        groups.pop()
    closed = markdown or (borders > 1 and _BORDER.fullmatch(lines[at - 1].strip()) is not None)
    if not closed:
        source.warn(at - 1, "the table has no lower border: the text is cut")
        if borders == 1 and len(groups) == 1 and len(groups[0]) == 1:
            return Table((), (), start, at)  # its names, or its first row: who can tell
    # A single row of words between two borders is the names of a table without rows.
    named = len(groups) > 1 or markdown or borders > 2 or (len(groups) == 1 and _names_only(groups[0]))
    if named and closed and len(groups) == 1 and borders == 2 and at >= len(lines):
        source.warn(at - 1, "the table ends after its names: the text is cut")
    columns = _join(groups[0]) if named and groups else ()
    rows = [row for group in groups[named:] for row in group]
    return Table(columns, _sized(source, columns, rows), start, at)


def _goes_on(lines: list[str], at: int, groups: list[list[Row]]) -> bool:
    """Return whether a table has more after a border: rows, or the second border of one without rows."""
    if at >= len(lines):
        return False
    text = lines[at].strip()
    return text.startswith("|") or (len(groups) == 2 and not groups[1] and _BORDER.fullmatch(text) is not None)


def _names_only(group: list[Row]) -> bool:
    return len(group) == 1 and all(isinstance(values.loose(cell), str) for cell in group[0].cells)


def _cells(text: str, border: str) -> tuple[str, ...] | None:
    """Return the cells of a row, or None if it does not end."""
    if len(text) < 2 or not text.endswith("|"):
        return None
    cells = text[1:-1].split("|")
    count = border.count("+") - 1
    if len(cells) > count > 1 and len(text) == len(border):  # a bar stands in a cell: the border tells where cells end
        ends = [index for index, mark in enumerate(border) if mark == "+"]
        cells = [text[a + 1 : b] for a, b in itertools.pairwise(ends)]
    return tuple(cell.strip() for cell in cells)


def _join(group: list[Row]) -> tuple[str, ...]:
    """Return the names of the columns, which may be written over several lines."""
    width = max((len(row.cells) for row in group), default=0)
    return tuple(" ".join(row.cells[i] for row in group if i < len(row.cells) and row.cells[i]) for i in range(width))


def _sized(source: Source, columns: tuple[str, ...], rows: list[Row]) -> tuple[Row, ...]:
    """Return the rows that have a cell for each column."""
    width = len(columns) or (len(rows[0].cells) if rows else 0)
    if len(rows) > MAX_ROWS:
        source.warn(rows[MAX_ROWS].line, f"only the first {MAX_ROWS:,} rows of the table were read")
        rows = rows[:MAX_ROWS]
    for row in rows:
        if len(row.cells) != width:
            source.warn(row.line, f"the row has {len(row.cells)} cells, and its table {width} columns")
    return tuple(row for row in rows if len(row.cells) == width)


def dashed(source: Source, start: int) -> Table:
    """Return the dashed table whose names stand at ``start``."""
    lines = source.lines
    pattern = _SLACK_NAME if "S(ns)" in lines[start] else _CELL
    names = [(m.start(), m.end(), m[0]) for m in pattern.finditer(lines[start])]
    columns = tuple(name for _, _, name in names)
    if len(columns) > MAX_COLUMNS:
        return Table(columns, (), start, start + 1)
    at = start + 1
    if at < len(lines) and lines[at].strip() and not lines[at].strip(" -"):
        at += 1
    rows: list[Row] = []
    while at < len(lines) and lines[at].strip(" -"):
        if len(rows) >= MAX_GROUPS:
            source.warn(at, f"only the first {MAX_GROUPS:,} rows of the table were read")
            break
        row = _aligned(source, at, names)
        if row is None:
            break
        rows.append(row)
        at += 1
    if not rows and at >= len(lines):
        source.warn(len(lines) - 1, "the table has no rows: the text is cut")
    return Table(columns, tuple(rows), start, at)


def _aligned(source: Source, at: int, names: list[tuple[int, int, str]]) -> Row | None:
    """Return a row of a dashed table, its cells empty where nothing stands; None: this is a sentence, not a row."""
    line = source.lines[at]
    parts = _parts(line)
    if len(names) > 3 and len(parts) == 1 and (" " in parts[0][2] or parts[0][2].startswith("`")):
        return None
    cells = [""] * len(names)
    if len(parts) > len(names):
        source.warn(at, f"the row has {len(parts)} cells, and its table {len(names)} columns")
        return Row(tuple(cells), at)
    if len(parts) == len(names):
        places: list[int] | None = list(range(len(names)))
    else:
        places = _places(parts, names)
    if places is None:
        source.warn(at, "the row cannot be told apart into the columns of its table")
        return Row(tuple(cells), at)
    for place, (_, _, text) in zip(places, parts, strict=True):
        cells[place] = text
    cut = False
    if source.open(at) and parts:
        _, end, text = parts[-1]
        # Numbers stand at the right of their column: one that ends before it may have lost digits.
        whole = end == names[places[-1]][1] or end < len(line) or re.fullmatch(r"[-+]?[0-9]+\.[0-9]{3}|NA", text)
        cut = not (whole and places[-1] == len(names) - 1)
        if not whole:
            cells[places[-1]] = ""
        if cut:
            source.warn(at, "the text ends inside the row")
    return Row(tuple(cells), at, len(line) - len(line.lstrip(" ")), cut)


def _parts(line: str) -> list[tuple[int, int, str]]:
    """Return start, end and text of what stands apart in a line; numbers apart by one space only are apart too."""
    parts = []
    for match in _CELL.finditer(line):
        words = match[0].split(" ")
        if len(words) > 1 and all(_numeric(word) for word in words):
            start = match.start()
            for word in words:
                parts.append((start, start + len(word), word))
                start += len(word) + 1
        else:
            parts.append((match.start(), match.end(), match[0]))
    return parts


def _numeric(word: str) -> bool:
    try:
        values.read(word)
    except ValueError:
        return False
    return True


def _places(parts: list[tuple[int, int, str]], names: list[tuple[int, int, str]]) -> list[int] | None:
    """Return the column of each part: aligned at the right, at the left, or overlapping; None if two meet in one."""
    places: list[int] = []
    for start, end, _ in parts:
        scores = [(end == b) * 3 + (start == a) * 2 + (start < b and a < end) for a, b, _ in names]
        best = max(range(len(names)), key=scores.__getitem__)
        if not scores[best]:  # a clock, indented under the one it is made from, may stand right of the short name
            best = max((i for i, (a, _, _) in enumerate(names) if a <= start), default=0)
        if places and best <= places[-1]:
            return None
        places.append(best)
    return places


def depths(rows: tuple[Row, ...]) -> list[int]:
    """Return how deep each row is nested, from its indentation: 0 for the outermost."""
    stack: list[int] = []
    result = []
    for row in rows:
        while stack and row.indent <= stack[-1]:
            stack.pop()
        result.append(len(stack))
        stack.append(row.indent)
    return result
