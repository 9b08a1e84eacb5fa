"""Dashed tables, as timing reports draw them: names over dashes, then rows until an empty line.

    Clock         WNS(ns)      TNS(ns)
    -----         -------      -------
    sys_clk         5.239        0.000

Words stand at the left of their column and slacks at its right, and cells may be empty, so a cell belongs to the column that it
is aligned with. The dashes tell how wide the columns are, or else the names do. A row that has all cells may be out of line, as
after a tool that made one space of many; of one that lacks cells and is out of line no one can tell them, so it is noted.
"""

import dataclasses
import itertools
import re

from neurorl.envs.fpga.reports import values
from neurorl.envs.fpga.reports.tables import Row, Table
from neurorl.envs.fpga.reports.text import Source

MAX_GROUPS = 10_000  # rows of a table, which lists clocks or pairs of them
MAX_COLUMNS = 30
MAX_NAMES, MAX_ROW = 2_000, 6_000  # characters
_SLACKS = ("WNS(ns)", "TNS(ns)", "WHS(ns)", "THS(ns)", "WPWS(ns)", "TPWS(ns)")
_ENDPOINTS = tuple(f"{total} {which} Endpoints" for total in ("TNS", "THS", "TPWS") for which in ("Failing", "Total"))
_WORDS = ("Path Group", "From Clock", "To Clock", "Waveform(ns)", "Period(ns)", "Frequency(MHz)", "Clock")
_RULES = ("Rule", "Severity", "Description", "Violations", "Checks")
RIGHT = frozenset((*_SLACKS, *_ENDPOINTS))  # columns of numbers that stand at the right
_KNOWN = {name.casefold().replace(" ", ""): name for name in (*_SLACKS, *_ENDPOINTS, *_WORDS, *_RULES)}
_NAME = re.compile(
    r"(?<!\S)(?:T(?:N|H|PW)S\s++(?:Failing|Total)\s++Endpoints|(?:W|T)(?:N|H|PW)S\s?+\(ns\)|Path\s++Group|(?:From|To)\s++Clock"
    r"|Waveform\s?+\(ns\)|Period\s?+\(ns\)|Frequency\s?+\(MHz\)|Clock|Rule|Severity|Description|Violations|Checks)(?!\S)",
    re.IGNORECASE,
)
_CELL = re.compile(r"\S++(?: \S++)*+")
_TOKEN = re.compile(r"\{[^{}]*+\}|\S++")
_DASHES = re.compile(r"-++")
_SEVERITIES = ("critical warning", "warning", "advisory", "error", "info", "fatal")


@dataclasses.dataclass(frozen=True)
class Column:
    """A column: its known name, or what stands for it, and where it stands."""

    name: str
    start: int
    end: int
    known: bool = True


def kind(line: str) -> str:
    """Return whose names stand in ``line``: "design", "intra", "inter", "other", "clocks", "untimed", "rules", or nothing."""
    low = line.casefold()
    if "(ns)" not in low and "severity" not in low and not ("group" in low and "clock" in low):
        return ""
    if len(low.strip()) > MAX_NAMES:
        return ""
    columns = _names(line)
    found = {column.name for column in columns if column.known}
    if len(columns) > MAX_COLUMNS or 2 * len(found) < len(columns):
        return ""
    if {"Rule", "Severity"} <= found and len(found) > 2:
        return "rules"
    if found & {"Waveform(ns)", "Frequency(MHz)"} and len(found) > 2:
        return "clocks"
    if not found & set(_SLACKS):
        return "untimed" if {"Path Group", "From Clock", "To Clock"} <= found else ""
    if "Path Group" in found:
        return "other"
    if found & {"From Clock", "To Clock"}:
        return "inter"
    return "intra" if "Clock" in found else "design"


def _names(line: str) -> list[Column]:
    """Return the names in a line, known or not."""
    columns: list[Column] = []
    at = 0
    for match in (*_NAME.finditer(line), None):
        start = len(line) if match is None else match.start()
        columns += [Column(m[0], at + m.start(), at + m.end(), False) for m in _TOKEN.finditer(line[at:start])]
        if match is not None:
            columns.append(Column(_KNOWN["".join(match[0].split()).casefold()], match.start(), match.end()))
            at = match.end()
    return columns


def dashes(line: str) -> bool:
    """Return whether a line is the dashes under names, perhaps damaged."""
    text = line.replace(" ", "")
    return len(text) > 1 and text.count("-") >= 0.8 * len(text) and line.lstrip()[:1] != "|"


def table(source: Source, start: int) -> Table:
    """Return the table whose names stand at ``start``; what cannot be told of it is noted and left out."""
    lines = source.lines
    columns = _names(lines[start])
    at = start + 1
    under = at + 1 if at + 1 < len(lines) and not lines[at].strip() else at
    if under < len(lines) and dashes(lines[under]) and (under == at or len(_DASHES.findall(lines[under])) == len(columns)):
        columns = _over(columns, lines[under])
        at = under + 1
    source.mark(start, at)
    strange = [column.name for column in columns if not column.known]
    names = tuple(column.name for column in columns)
    if strange:
        source.warn(start, f"the table has {strange[0][:40]!r} among its names, which is not known: it was not read")
    elif len(set(names)) < len(names):
        source.warn(start, "the names of the table stand twice on their line: it was not read")
    if strange or len(set(names)) < len(names):
        while at < len(lines) and lines[at].strip(" -"):
            source.mark(at)
            at += 1
        return Table(names, (), start, at)
    rows: list[Row] = []
    while at < len(lines):
        if not _is_row(lines[at], names):  # one empty or strange line does not end a table that goes on after it
            if at + 1 >= len(lines) or not _goes_on(lines, at, names):
                break
            at += 1
        if len(rows) >= MAX_GROUPS:
            source.warn(at, f"only the first {MAX_GROUPS:,} rows of the table were read")
            break
        row = _row(source, at, columns)
        source.mark(at)
        if row is not None:
            rows.append(row)
        at += 1
    if not rows and at >= len(lines):
        source.warn(len(lines) - 1, "the table has no rows: the text is cut")
    return Table(names, tuple(rows), start, at)


def _over(columns: list[Column], line: str) -> list[Column]:
    """Return the columns as wide as the dashes under them, where there are dashes for each."""
    groups = [(match.start(), match.end()) for match in _DASHES.finditer(line)]
    if len(groups) != len(columns) or line.strip(" -"):
        return columns
    return [dataclasses.replace(column, start=a, end=b) for column, (a, b) in zip(columns, groups, strict=True)]


def _is_row(line: str, names: tuple[str, ...]) -> bool:
    """Return whether a line may be a row of a table with these names."""
    text = line.strip()
    if not text or text[0] == "|" or not text.strip("- "):
        return False
    if "Waveform(ns)" in names:
        return "{" in text or "}" in text
    if not RIGHT.isdisjoint(names):
        return _number(text.rsplit(" ", 1)[-1]) and not text.endswith(".") and text[0] != "("
    if "Rule" in names:
        first = text.split(" ", 1)[0]
        return text[-1].isdigit() or (first[-1:].isdigit() and "-" in first)
    return True


def _goes_on(lines: list[str], at: int, names: tuple[str, ...]) -> bool:
    """Return whether the line after ``at``, which is no row, is again a row of the table."""
    following = lines[at + 1]
    if lines[at].strip() and (dashes(lines[at]) or lines[at].lstrip()[0] == "|"):
        return False
    if names == ("Path Group", "From Clock", "To Clock") and ":" in following:
        return False
    return _is_row(following, names) and not kind(following)


def _row(source: Source, at: int, columns: list[Column]) -> Row | None:
    """Return a row, its cells empty where nothing stands or where, with a note, they cannot be told; None: not even its names."""
    line = source.lines[at]
    if len(line.strip()) > MAX_ROW:
        source.warn(at, f"the row has more than {MAX_ROW:,} characters and was not read")
        return None
    parts = _parts(line)
    places = _aligned(parts, columns)
    if places is None and source.open(at) and len(parts) > 1 and (places := _aligned(parts[:-1], columns)) is not None:
        source.warn(at, "the text ends inside the row")
        parts = parts[:-1]
    elif places is None and len(parts) != len(columns):
        parts = _rule(line, len(columns)) if columns[0].name == "Rule" else _tokens(line)
    if places is None and len(parts) == len(columns):
        places = list(range(len(columns)))
    if places is None:
        source.warn(at, f"the cells of the row cannot be told apart into the {len(columns)} columns of its table")
        return _named_only(line, at, columns)
    cells = [""] * len(columns)
    for place, (_, _, text) in zip(places, parts, strict=True):
        cells[place] = text
    cut = False
    if source.open(at):
        _, end, text = parts[-1]
        # Slacks stand at the right of their column: one that ends before it may have lost digits.
        whole = end == columns[places[-1]].end or end < len(line) or re.fullmatch(r"[-+]?[0-9]++\.[0-9]{3}|NA", text)
        cut = not (whole and places[-1] == len(columns) - 1)
        if not whole:
            cells[places[-1]] = ""
        if cut:
            source.warn(at, "the text ends inside the row")
    return Row(tuple(cells), at, len(line) - len(line.lstrip(" ")), cut)


def _named_only(line: str, at: int, columns: list[Column]) -> Row | None:
    """Return a row with its names only, where those can be told, or None."""
    words = [text for _, _, text in _tokens(line)]
    names = list(itertools.takewhile(lambda word: not _number(word), words))
    places = [i for i, column in enumerate(columns) if column.name not in RIGHT]
    if not names or len(names) != len(places) or len(places) == len(columns):
        return None
    named = dict(zip(places, names, strict=True))
    return Row(tuple(named.get(i, "") for i in range(len(columns))), at, len(line) - len(line.lstrip(" ")))


def _parts(line: str) -> list[tuple[int, int, str]]:
    """Return start, end and text of what stands apart in a line; numbers apart by one space only are apart too."""
    parts = []
    for match in _CELL.finditer(line):
        words = match[0].split(" ")
        if len(words) > 1 and all(_number(word) for word in words):
            start = match.start()
            for word in words:
                parts.append((start, start + len(word), word))
                start += len(word) + 1
        else:
            parts.append((match.start(), match.end(), match[0]))
    return parts


def _tokens(line: str) -> list[tuple[int, int, str]]:
    return [(match.start(), match.end(), match[0]) for match in _TOKEN.finditer(line)]


def _rule(line: str, count: int) -> list[tuple[int, int, str]]:
    """Return rule, severity, description and count of a row whose columns are one space apart."""
    words = line.split()
    name, rest = words[0], " ".join(words[1:])
    severity = next((word for word in _SEVERITIES if rest.casefold().startswith(word + " ")), None)
    if severity is None or count != 4 or len(words) < 4:
        return []
    description, _, violations = rest[len(severity) :].strip().rpartition(" ")
    return [(0, 0, text) for text in (name, rest[: len(severity)], description, violations)]


def _number(word: str) -> bool:
    try:
        values.read(word)
    except ValueError:
        return False
    return bool(word)


def _aligned(parts: list[tuple[int, int, str]], columns: list[Column]) -> list[int] | None:
    """Return the column of each part, None where one is out of line: slacks end where their column does, others stand in it."""
    places: list[int] = []
    for start, end, text in parts:
        if " " in text and text[0] != "{" and columns[0].name not in ("Rule", "Clock"):
            return None  # two names that stand one space apart
        after = range(places[-1] + 1 if places else 0, len(columns))
        ends = (at for at in after if columns[at].name in RIGHT and abs(columns[at].end - end) <= 1)
        begins = (at for at in after if columns[at].start <= start and (at + 1 == len(columns) or end <= columns[at + 1].start))
        at = next(ends, None) if _number(text) else None
        at = next((at for at in begins if columns[at].name not in RIGHT), None) if at is None else at
        if at is None:
            return None
        places.append(at)
    return places
