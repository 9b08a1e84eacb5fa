"""From bytes to lines, in bounded time and memory, whatever the bytes are.

Vivado writes ASCII, or the encoding of its host where a path or a host name stands; shells on Windows make UTF-16 of it. What is
not text is refused; what is too long is cut; what cannot be decoded becomes U+FFFD, so that a damaged number is no number.
"""

import dataclasses
import re

from neurorl.errors import NeurorlError

MAX_BYTES = 32 * 2**20  # of a report that are read; the summaries stand first
MAX_LINES = 1_000_000
MAX_LINE = 20_000  # characters
MAX_WARNINGS = 50
_SNIFFED = 65_536  # bytes, or characters, by which text is told from data
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
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
    """The lines of a text, and what was noticed about them."""

    lines: list[str]  # without their ends
    ended: bool = True  # whether the last line had an end; one without may be cut anywhere
    warnings: list[str] = dataclasses.field(default_factory=list)
    partial: bool = False  # whether something that the whole report holds is missing
    omitted: int = 0  # warnings beyond MAX_WARNINGS

    def warn(self, line: int, message: str, *, partial: bool = True) -> None:
        """Note ``message`` about the line with index ``line``; ``partial``: something is missing because of it."""
        self.partial |= partial
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(f"line {line + 1}: {message}")
        else:
            self.omitted += 1

    def open(self, line: int) -> bool:
        """Return whether the line with this index is the last and has no end."""
        return not self.ended and line == len(self.lines) - 1


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
    if len(_CONTROL.findall(start)) + start.count("\ufffd") > 0.1 * len(start):
        raise ReportError("this is binary data, not text; give the text that Vivado wrote")
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    lines = text.split("\n", MAX_LINES)
    rest = lines.pop()  # after the last line end: nothing in a whole text
    source = Source(lines)
    if len(lines) == MAX_LINES:
        source.warn(MAX_LINES - 1, f"only the first {MAX_LINES:,} lines were read")
    elif rest:
        lines.append(rest)
        source.ended = False
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    if margin:  # as where a whole report is quoted
        lines[:] = [line[margin:] for line in lines]
    for index, line in enumerate(lines):
        if not line.isascii() or not line.isprintable():
            lines[index] = _clean(source, index, line)
        if len(line) > MAX_LINE:
            source.warn(index, f"the line has {len(line):,} characters; the first {MAX_LINE:,} were read")
            lines[index] = lines[index][:MAX_LINE]
    return source


def _clean(source: Source, index: int, line: str) -> str:
    """Return ``line`` without tabs and control characters."""
    line = line[: MAX_LINE + 1].expandtabs()
    if "\ufffd" in line:
        source.warn(index, "holds bytes that are not UTF-8", partial=False)
    clean = _CONTROL.sub("\ufffd", line)
    if clean != line:
        source.warn(index, "holds control characters")
    return clean
