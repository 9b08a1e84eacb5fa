"""Reports as they come out of logs, editors, mail and broken pipes: the same text, changed in one to three of many ways.

A text is a list of lines, each with its number, or None where what it says is no longer whole; the lines of a second report that
was joined to it count on from SECOND.
"""

import random
import re

Line = tuple[int | None, str]
SECOND = 100_000

PREFIXES = (
    "12:0{m}:{s:02d} ",
    "[12:0{m}:{s:02d}] ",
    "2026-01-05T12:0{m}:{s:02d}.{n:07d}Z ",
    "[2026-01-05 12:0{m}:{s:02d}.{n:03d}] ",
    "build\timpl\t2026-01-05T12:0{m}:{s:02d}.{n:07d}Z ",
    "{n}: ",
    "{n:6d}\t",
    "{n:5d} | ",
    "timing.rpt:{n}:",
    "web_1  | ",
    "> ",
    "[INFO] ",
    "INFO: [Vivado 12-{n}] ",
    "#12 {s}.{n:03d} ",
    "Jan  5 12:0{m}:{s:02d} host vivado[812]: ",
    "\x1b[32m12:0{m}:{s:02d}\x1b[0m ",
    "// ",
)
JUNK = (
    "INFO: [Common 17-206] Exiting Vivado at Mon Jan  5 12:00:00 2026...",
    "Phase 1.1 Build Timing Graph | Checksum: 12ab34cd",
    "WARNING: [Timing 38-164] This design has multiple clocks.",
    "Time (s): cpu = 00:00:05 ; elapsed = 00:00:06 . Memory (MB): peak = 2017.758 ; gain = 377.801",
    "make: *** [Makefile:12: all] Error 1",
    "]]]]}}}}((((",
    "-",
    "|",
    "+",
)
RUNS = " -=+|0123456789.:{}()[]aS\t\u00e9\ufffd"


def _some(lines: list[Line], rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(lines))
    return start, min(start + rng.choice((1, 1, 1, 2, 3, 8)), len(lines))


def delete(lines, rng):
    start, end = _some(lines, rng)
    return lines[:start] + lines[end:]


def duplicate(lines, rng):
    start, end = _some(lines, rng)
    return lines[:end] + lines[start:end] + lines[end:]


def truncate(lines, rng):
    at = rng.randrange(1, len(lines)) if len(lines) > 1 else 0
    text = lines[at][1]
    return lines[:at] + ([(None, text[: rng.randrange(len(text))])] if text else [])


def behead(lines, rng):
    return lines[rng.randrange(len(lines)) :]


def damage_border(lines, rng):
    borders = [i for i, (_, text) in enumerate(lines) if re.fullmatch(r"[\s|+:=-]*--[\s|+:=-]*", text)]
    if not borders:
        return lines
    i = rng.choice(borders)
    text = lines[i][1]
    at = rng.randrange(len(text))
    new = rng.choice((text[:at] + rng.choice("x |+-_") + text[at + 1 :], text[:at] + text[at + 1 :], text[:at], text[at:], ""))
    return [*lines[:i], (None, new), *lines[i + 1 :]]


def blank_cell(lines, rng):
    rows = [i for i, (_, text) in enumerate(lines) if re.search(r"\S(?:  |\|)", text)]
    if not rows:
        return lines
    i = rng.choice(rows)
    text = lines[i][1]
    cell = rng.choice(list(re.finditer(r"[^\s|]+(?: [^\s|]+)*", text)) or [re.match("", text)])
    return [*lines[:i], (None, text[: cell.start()] + " " * len(cell[0]) + text[cell.end() :]), *lines[i + 1 :]]


def damage(lines, rng):
    i = rng.randrange(len(lines))
    text = lines[i][1]
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(("", "x", " ", "9", "\u00e9", "\x00", "|", "-", "NA")) + text[at + rng.choice((0, 1)) :]
    return [*lines[:i], (None, text), *lines[i + 1 :]]


def run(lines, rng):
    i = rng.randrange(len(lines))
    at = rng.randrange(len(lines[i][1]) + 1)
    long = rng.choice(RUNS) * rng.choice((100, 1_000, 4_000, 25_000))
    if rng.random() < 0.3:
        return [*lines[:i], (None, long), *lines[i:]]
    return [*lines[:i], (None, lines[i][1][:at] + long + lines[i][1][at:]), *lines[i + 1 :]]


def junk(lines, rng):
    i = rng.randrange(len(lines) + 1)
    return [*lines[:i], (None, rng.choice(JUNK)), *lines[i:]]


def blank_line(lines, rng):
    i = rng.randrange(len(lines) + 1)
    return [*lines[:i], *[(None, "")] * rng.choice((1, 1, 2)), *lines[i:]]


def every_other_blank(lines, rng):
    return [line for each in lines for line in (each, (None, ""))]


def no_blank(lines, rng):
    return [line for line in lines if line[1].strip()]


def change_case(lines, rng):
    change = rng.choice((str.upper, str.lower, str.title))
    start, end = (0, len(lines)) if rng.random() < 0.5 else _some(lines, rng)
    return [(i, change(text)) if start <= at < end else (i, text) for at, (i, text) in enumerate(lines)]


def prefix(lines, rng):
    shape = rng.choice(PREFIXES)
    strip = rng.random() < 0.5
    began = rng.randrange(1, 2_000)
    result = []
    for at, (i, text) in enumerate(lines):
        seconds = at // 7
        before = shape.format(m=seconds // 60 % 10, s=seconds % 60, n=began + at)
        result.append((i, (before + text).rstrip() if strip else before + text))
    return result


def colour(lines, rng):
    return [(i, f"\x1b[1;3{rng.randrange(8)}m{text}\x1b[0m" if text else text) for i, text in lines]


def margin(lines, rng):
    space = rng.choice((" ", "    ", "\t", "\u00a0\u00a0"))
    return [(i, space + text) for i, text in lines]


def strip_ends(lines, rng):
    return [(i, text.rstrip()) for i, text in lines]


def add_ends(lines, rng):
    return [(i, text + " " * rng.choice((1, 3, 40))) for i, text in lines]


def one_space(lines, rng):
    start, end = (0, len(lines)) if rng.random() < 0.5 else _some(lines, rng)
    keep = rng.random() < 0.5  # the spaces at the beginning
    pattern = r"(?<=\S) {2,}" if keep else r" {2,}"
    return [(i, re.sub(pattern, " ", text) if start <= at < end else text) for at, (i, text) in enumerate(lines)]


def tabs(lines, rng):
    start, end = (0, len(lines)) if rng.random() < 0.7 else _some(lines, rng)
    pattern = rng.choice((r" {2,}", r"^ +", r" {8}", r"(?<=\S) {4,}"))
    return [(i, re.sub(pattern, "\t", text) if start <= at < end else text) for at, (i, text) in enumerate(lines)]


def wide_spaces(lines, rng):
    return [(i, text.replace(" ", "\u00a0")) for i, text in lines]


def random_bytes(lines, rng):
    i = rng.randrange(len(lines))
    noise = bytes(rng.randrange(256) for _ in range(rng.choice((1, 4, 60)))).decode("latin-1")
    at = rng.randrange(len(lines[i][1]) + 1)
    return [*lines[:i], (None, lines[i][1][:at] + noise + lines[i][1][at:]), *lines[i + 1 :]]


def in_a_log(lines, rng):
    before, after = ([(None, rng.choice(JUNK)) for _ in range(rng.choice((1, 5, 80)))] for _ in range(2))
    return [*before, *lines, *after]


def fence(lines, rng):
    return [(None, "# Results"), (None, ""), (None, "```"), *lines, (None, "```")]


MUTATIONS = (
    *(delete, duplicate, truncate, behead, damage_border, blank_cell, damage, run, junk, blank_line, every_other_blank, no_blank),
    *(change_case, prefix, colour, margin, strip_ends, add_ends, one_space, tabs, wide_spaces, random_bytes, in_a_log, fence),
)
# These leave all that the text says where it was, so that the same values must be read.
HARMLESS = (prefix, colour, margin, strip_ends, add_ends, wide_spaces, in_a_log, fence)
ENDS = ("\n", "\n", "\n", "\r\n", "\r\r\n", "\r")


def mutate(text: str, seed: int, second: str | None = None) -> tuple[str, set[int], tuple[str, ...]]:
    """Return a text changed in one to three ways, the numbers of the lines that are still whole in it, and what was done.

    With ``second`` it is joined to the text before it is changed, as by ``report_power -append``.
    """
    rng = random.Random(seed)
    lines: list[Line] = list(enumerate(text.split("\n")))
    if second is not None:
        lines += [(SECOND + at, line) for at, line in enumerate(second.split("\n"))]
    done = rng.choices(MUTATIONS, k=rng.choice((1, 1, 2, 3)))
    for change in done:
        lines = change(lines, rng) or [(None, "")]
    end = rng.choice(ENDS)
    said = end.join(text for _, text in lines)
    return said, {i for i, _ in lines if i is not None}, tuple(change.__name__ for change in done)
