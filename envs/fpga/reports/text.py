"""From bytes to lines, in bounded time and memory, whatever the bytes are.

Vivado writes ASCII, or the encoding of its host where a path or a host name stands; shells on Windows make UTF-16 of it. What is
not text is refused; what is too long is cut; what cannot be decoded becomes U+FFFD, so that a damaged number is no number. The
colours of a terminal, the margin of a quotation and what a log writes before every line are taken off.
"""

import dataclasses
import operator
import re
from collections.abc import Sequence

from neurorl.envs.fpga.reports import prefix
from neurorl.errors import NeurorlError

MAX_BYTES = 32 * 2**20  # of a report that are read; the summaries stand first
MAX_LINES = 1_000_000
MAX_LINE = 20_000  # characters
MAX_WARNINGS = 50
_SNIFFED = 65_536  # bytes, or characters, by which text is told from data
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f\u3000", " ") | dict.fromkeys("\u200b\ufeff", None))
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)


class ReportError(NeurorlError):
    """Text that is no report which can be read; ``line`` is where, counted from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        """Say ``message`` of the line."""
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclasses.dataclass
class Source:
    """Lines of a text, what was noticed about them, and which of them were read."""

    lines: list[str]  # without their ends
    ended: bool = True  # whether the last line had an end; one without may be cut anywhere
    numbers: Sequence[int] = ()  # of each line in the whole text, from 1
    notes: list[tuple[int, str]] = dataclasses.field(default_factory=list)  # line, from 1, and what was noticed
    partial: bool = False  # whether something that the whole report holds is missing
    omitted: int = 0  # notes beyond MAX_WARNINGS
    seen: bytearray = dataclasses.field(default_factory=bytearray)  # 1: this line was read, or says nothing
    taken: set[int] = dataclasses.field(default_factory=set)  # lines where the bordered tables begin that were read
    said: set[str] = dataclasses.field(default_factory=set)  # what is to be told once

    def __post_init__(self) -> None:
        """Number the lines, and begin with none read."""
        self.numbers = self.numbers or range(1, len(self.lines) + 1)
        self.seen = self.seen or bytearray(len(self.lines))

    def warn(self, line: int, message: str, *, partial: bool = True) -> None:
        """Note ``message`` about the line with index ``line``; ``partial``: something is missing because of it."""
        self.note(self.numbers[line], message, partial=partial)

    def note(self, number: int, message: str, *, partial: bool = True) -> None:
        """Note ``message`` about the line with this number in the whole text."""
        self.partial |= partial
        if len(self.notes) < MAX_WARNINGS:
            self.notes.append((number, message))
        else:
            self.omitted += 1

    def take(self, part: "Source") -> None:
        """Take over what was noticed about a part."""
        for number, message in part.notes:
            self.note(number, message, partial=part.partial)
        self.omitted += part.omitted
        self.partial |= part.partial

    def warnings(self) -> tuple[str, ...]:
        """Return what was noticed, in the order of the lines."""
        said = [f"line {number}: {message}" for number, message in sorted(self.notes, key=lambda note: note[0])]
        if self.omitted:
            said.append(f"line {self.numbers[-1]}: {self.omitted} more warnings were left out")
        return tuple(said)

    def once(self, what: str) -> bool:
        """Return whether ``what`` was not asked for before."""
        new = what not in self.said
        self.said.add(what)
        return new

    def mark(self, start: int, end: int | None = None) -> None:
        """Mark the line ``start``, or those from it to before ``end``, as read."""
        end = min(start + 1 if end is None else end, len(self.lines))
        self.seen[start:end] = b"\1" * max(end - start, 0)

    def open(self, line: int) -> bool:
        """Return whether the line with this index is the last and has no end."""
        return not self.ended and line == len(self.lines) - 1

    def part(self, start: int, end: int) -> "Source":
        """Return the lines from ``start`` to before ``end``, with notes of their own."""
        ended = self.ended or end < len(self.lines)
        return Source(self.lines[start:end], ended, self.numbers[start:end], seen=self.seen[start:end])


def decode(data: bytes) -> Source:
    """Return the lines of ``data``.

    Raises:
        ReportError: Nothing, or not text.
    """
    whole = len(data) <= MAX_BYTES
    data = data[:MAX_BYTES]
    encoding = _encoding(data)
    if encoding == "utf-8" and len(_CONTROL.findall(data[:_SNIFFED].decode("latin-1"))) > 0.3 * min(len(data), _SNIFFED):
        raise ReportError("this is binary data, not text; give the text that Vivado wrote")
    source = _split(data.decode(encoding, errors="replace"))
    if not whole:
        source.warn(len(source.lines) - 1, f"only the first {MAX_BYTES // 2**20} MiB were read")
    return source


def of_text(text: str) -> Source:
    """Return the lines of ``text``, which may be anything.

    Raises:
        ReportError: Nothing, or not text.
    """
    source = _split(text[:MAX_BYTES].removeprefix("\ufeff"))
    if len(text) > MAX_BYTES:
        source.warn(len(source.lines) - 1, f"only the first {MAX_BYTES // 2**20} Mi characters were read")
    return source


def _encoding(data: bytes) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    start = data[:4096]
    half = len(start) // 2
    if half and start[1::2].count(0) > 0.4 * half and start[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and start[0::2].count(0) > 0.4 * half and start[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return "utf-8"


def _split(text: str) -> Source:
    if not text.strip("\x00\ufeff \t\r\n"):
        raise ReportError("the text is empty; give the text of a Vivado report")
    start = text[:_SNIFFED]
    if len(_CONTROL.findall(start)) + start.count("\ufffd") > 0.1 * len(start) + 2 * start.count("\x1b["):
        raise ReportError("this is binary data, not text; give the text that Vivado wrote")
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    lines = text.split("\n", MAX_LINES)
    rest = lines.pop()  # after the last line end: nothing in a whole text
    cut = len(lines) == MAX_LINES
    if rest and not cut:
        lines.append(rest)
    source = Source(lines, ended=cut or not rest)
    if cut:
        source.warn(MAX_LINES - 1, f"only the first {MAX_LINES:,} lines were read")
    for index, line in enumerate(lines):
        if not line.isascii() or not line.isprintable():
            lines[index] = line = _clean(source, index, line)
        if len(line) > MAX_LINE:
            source.warn(index, f"the line has {len(line):,} characters; the first {MAX_LINE:,} were read")
            lines[index] = line[:MAX_LINE]
    before = prefix.strip(lines)
    if before is not None:
        source.warn(before[0], f"{before[2]} lines begin with something like {before[1]!r}, which was left out", partial=False)
    _close_up(source)
    lines = source.lines
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    if margin:  # as where a whole report is quoted
        lines[:] = [line[margin:] for line in lines]
    return source


def _close_up(source: Source) -> None:
    """Take out the empty line after each line, where a text was given one, as by line ends that were translated twice."""
    for _ in range(3):
        filled = [bool(line) and not line.isspace() for line in source.lines]
        if sum(map(operator.and_, filled, filled[1:])) > 0.1 * sum(filled) or sum(filled) < 8:
            return
        kept: list[int] = []
        last = False  # whether the line before was kept
        for at, full in enumerate(filled):
            last = full or not last
            if last:
                kept.append(at)
        source.lines[:] = [source.lines[at] for at in kept]
        source.numbers = [source.numbers[at] for at in kept]
        source.seen = bytearray(len(kept))


def _clean(source: Source, index: int, line: str) -> str:
    """Return ``line`` without colours, tabs and control characters."""
    line = _COLOUR.sub("", line[: 2 * MAX_LINE]).translate(_SPACES)[: MAX_LINE + 1].expandtabs()
    if "\ufffd" in line:
        source.warn(index, "holds bytes that are not UTF-8", partial=False)
    clean = _CONTROL.sub("\ufffd", line)
    if clean != line:
        source.warn(index, "holds control characters")
    return clean
