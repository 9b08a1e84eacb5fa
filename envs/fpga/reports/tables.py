"""Bordered tables, as utilization, power and methodology reports draw them (and Markdown, with ``|---|``).

    +------------+------+-------+        a border, the names, a border, rows, a border; more rows and a border may follow.
    |  Site Type | Used | Util% |        Without names (the summary of power) there are two borders only.
    +------------+------+-------+
    | CLB LUTs   |   92 | <0.01 |
    +------------+------+-------+

A border or a row that is damaged costs what it holds and no more, and is told.
"""

import dataclasses
import itertools
import re

from neurorl.envs.fpga.reports import values
from neurorl.envs.fpga.reports.text import Source

MAX_ROWS = 100_000  # of a table, which may list every instance of a design
_BORDER = re.compile(r"\+(?:[-=]++\+)++")
_RULE = re.compile(r"\|(?: *+:?-++:? *+\|)++")  # Markdown's
# Names by which a row is known to be the names of a table, and a table to be one of those that are read.
NAMES = {
    name.casefold(): name
    for name in (
        *("Site Type", "Used", "Fixed", "Prohibited", "Available", "Util%", "Ref Name", "Functional Category"),
        *("Instance", "Module", "Total LUTs", "Logic LUTs", "LUTRAMs", "SRLs", "FFs", "RAMB36", "RAMB18", "URAM"),
        *("DSP Blocks", "DSP48 Blocks", "DSPs"),
        *("On-Chip", "Power (W)", "Utilization (%)", "Source", "Voltage (V)", "Total (A)", "Dynamic (A)", "Static (A)", "Name"),
        *("Powerup (A)", "Budget (A)", "Margin (A)"),
        *("Rule", "Severity", "Description", "Violations", "Checks"),
    )
}


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


def _kind(text: str) -> str:
    """Return what a stripped line is of a table: "border", "damaged" border, "row", "broken" row, or nothing."""
    if text.startswith("+") and _BORDER.fullmatch(text):
        return "border"
    if text.startswith("|") and text.endswith("|") and len(text) > 1:
        return "border" if _RULE.fullmatch(text) else "row"
    drawn = text.count("-") + text.count("+") + text.count("=")
    if text[:1] in ("+", "-", "=") and "+" in text and len(text) > 4 and drawn >= 0.7 * len(text):
        return "damaged"
    return "broken" if text.count("|") > 1 or (text.startswith("|") and ":" not in text) else ""


def is_bordered(lines: list[str], start: int) -> bool:
    """Return whether a bordered table begins at ``start``."""
    kind = _kind(lines[start].strip())
    if kind not in ("border", "damaged", "row") or start + 1 >= len(lines):
        return False
    following = _kind(lines[start + 1].strip())
    if kind == "row":
        return following in ("border", "damaged", "row")
    return following in ("row", "broken") or (following == kind == "border")


def is_markdown(lines: list[str], at: int) -> bool:
    """Return whether the line ``at`` has the names of a table of Markdown, which no report has."""
    return _kind(lines[at].strip()) == "row" and at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1].strip()) is not None


def counts_sites(line: str) -> bool:
    """Return whether a line has the names of a table that counts sites."""
    text = line.strip()
    return _kind(text) == "row" and text[1:].split("|", 1)[0].strip().casefold() == "site type"


def bordered(source: Source, start: int) -> Table:
    """Return the bordered table that begins at ``start``; what is damaged or cut in it is noted and left out."""
    lines = source.lines
    groups: list[list[Row]] = [[]]  # rows between borders
    borders, border, width = 0, "", 0
    at = start
    while at < len(lines):
        kind = _kind(lines[at].strip())
        if kind == "damaged" and source.open(at):
            break  # the text is cut inside it
        if not kind:
            after = _after_gap(lines, at)
            if after == at or not groups[-1]:
                break
            at = after
            continue
        if kind in ("border", "damaged"):
            if kind == "damaged":
                source.warn(at, "the border of the table is damaged", partial=False)
            borders += 1
            border = border or lines[at].strip()
            groups.append([])
            if borders > 1 and not _goes_on(lines, at + 1, groups):
                at += 1
                break
        elif kind == "row" and (cells := _cells(lines[at].strip(), border, width)):
            width = width or len(cells)
            inner = lines[at].lstrip()[1:]
            groups[-1].append(Row(cells, at, max(len(inner) - len(inner.lstrip(" ")) - 1, 0)))
        else:
            source.warn(at, "the row of the table has no end")
        at += 1
    source.mark(start, at)
    columns, rows = _named(source, groups, borders, at)
    sized = _sized(source, columns, rows)
    nameless = [i for i, name in enumerate(columns) if not name and any(row.cells[i] for row in sized)]
    if nameless and not any("SLR" in row.cells[nameless[0]] for row in sized):  # which stand under no name
        source.warn(start, f"column {nameless[0] + 1} of the table has no name, so its cells were not read")
    return Table(columns, sized, start, at)


def _after_gap(lines: list[str], at: int) -> int:
    """Return where a table goes on after the empty line ``at``, or ``at`` where it does not."""
    following = at + 1
    if lines[at].strip() or following >= len(lines):
        return at
    before, after = lines[at - 1].strip(), lines[following].strip()
    alike = _kind(after) in ("row", "border") and len(before) == len(after)
    return following if alike and _kind(before) == "row" else at


def _goes_on(lines: list[str], at: int, groups: list[list[Row]]) -> bool:
    """Return whether a table has more after a border: rows, or the second border of one without rows."""
    if at >= len(lines):
        return False
    kind = _kind(lines[at].strip())
    return kind in ("row", "broken") or (kind != "" and not any(groups[2:]))


def _named(source: Source, groups: list[list[Row]], borders: int, end: int) -> tuple[tuple[str, ...], list[Row]]:
    """Return the names of the columns and the rows of a table, from its rows between borders, the first before any border."""
    filled = [group for group in groups if group]
    rows = [row for group in filled for row in group]
    markdown = any(_RULE.fullmatch(source.lines[row.line + 1].strip()) for row in groups[0][-1:] if row.line + 1 < end)
    closed = markdown or _kind(source.lines[end - 1].strip()) in ("border", "damaged")
    if not closed:
        source.warn(end - 1, "the table has no lower border: the text is cut")
    elif groups[0] and not markdown:
        source.warn(groups[0][0].line, "the table has no upper border", partial=False)
    if not filled:
        return (), []
    if _are_names(filled[0]):
        if closed and not markdown and borders == 2 and len(filled) == 1 and end >= len(source.lines):
            source.warn(end - 1, "the table ends after its names: the text is cut")
        return _join(filled[0]), [row for group in filled[1:] for row in group]
    if len(rows) > 1 and _are_names(rows[:1]):
        source.warn(rows[0].line, "the names of the table have no border", partial=False)
        return _join(rows[:1]), rows[1:]
    if not closed and borders == 1 and len(rows) == 1:
        return (), []  # its names, or its first row: who can tell
    first = groups[0] or (groups[1] if len(groups) > 1 else [])
    pairs = not markdown and len((first or rows)[0].cells) == 2  # which have no names, but for those that are known
    if first and len(first) < 4 and not pairs and _words(first) and (markdown or len(filled) > 1 or borders > 1):
        return _join(first), [row for group in filled[1:] for row in group]
    if groups[0] or (borders > 2 and not pairs):
        source.warn(rows[0].line, f"{len(rows)} rows of a table have no names above them")
    return (), rows


def _are_names(group: list[Row]) -> bool:
    """Return whether rows are the names of a table: words only, at least two of them or half of them known."""
    if len(group) > 3:
        return False
    names = _join(group)
    known = sum(name.casefold() in NAMES for name in names)
    return known >= min(2, len(names)) and _words(group)


def _words(group: list[Row]) -> bool:
    return all(_is_word(cell) or not cell for row in group for cell in row.cells)


def _is_word(cell: str) -> bool:
    try:
        values.read(cell)
    except ValueError:
        return True
    return False


def _cells(text: str, border: str, width: int) -> tuple[str, ...]:
    """Return the cells of a row; ``width`` is how many the first row has, 0 for that itself."""
    cells = text[1:-1].split("|")
    if len(cells) > width == border.count("+") - 1 > 1 and len(text) == len(border):
        # A bar stands in a cell: the border tells where cells end.
        ends = [index for index, mark in enumerate(border) if mark == "+"]
        cells = [text[a + 1 : b] for a, b in itertools.pairwise(ends)]
    return tuple(cell.strip() for cell in cells)


def _join(group: list[Row]) -> tuple[str, ...]:
    """Return the names of the columns, which may be written over several lines; known names as Vivado writes them."""
    width = max((len(row.cells) for row in group), default=0)
    lines = list(dict.fromkeys(row.cells for row in group))
    joined = (" ".join(cells[i] for cells in lines if i < len(cells) and cells[i]) for i in range(width))
    return tuple(NAMES.get(" ".join(name.split()).casefold(), name) for name in joined)


def _sized(source: Source, columns: tuple[str, ...], rows: list[Row]) -> tuple[Row, ...]:
    """Return the rows that have a cell for each column."""
    width = len(columns) or (len(rows[0].cells) if rows else 0)
    if len(rows) > MAX_ROWS:
        source.warn(rows[MAX_ROWS].line, f"only the first {MAX_ROWS:,} rows of the table were read")
        rows = rows[:MAX_ROWS]
    rows = [_without_bars(row, columns) for row in rows]
    for row in rows:
        if len(row.cells) != width:
            source.warn(row.line, f"the row has {len(row.cells)} cells, and its table {width} columns")
    return tuple(row for row in rows if len(row.cells) == width)


def _without_bars(row: Row, columns: tuple[str, ...]) -> Row:
    """Return a row of rules whose description has a bar with the description in one cell."""
    more = len(row.cells) - len(columns)
    if more <= 0 or columns[1:3] != ("Severity", "Description"):
        return row
    description = " | ".join(row.cells[2 : 3 + more])
    return dataclasses.replace(row, cells=(*row.cells[:2], description, *row.cells[3 + more :]))


def take(source: Source, table: Table) -> None:
    """Note that a part of the report reads ``table``, and a name in it that is not known, whose column may be lost."""
    source.taken.add(table.line)
    unknown = next((name for name in table.columns[1:] if name and name.casefold() not in NAMES), None)
    if unknown is not None:
        source.warn(table.line, f"the table has {unknown[:40]!r} among its names, which is not known", partial=False)


def tell_untaken(source: Source, table: Table) -> None:
    """Note a table that no part of the report read although it has names of those that are read."""
    first = table.columns or (table.rows[0].cells if table.rows else ())
    if table.line not in source.taken and any(name.casefold() in NAMES for name in first):
        source.warn(table.line, f"a table whose names begin with {first[0][:40]!r} is only in tables", partial=False)


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
