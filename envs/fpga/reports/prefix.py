"""What a log writes before every line: a time stamp, the name of a job, the number of the line, or the marks of a quotation.

    12:00:01 | Command      : report_timing_summary
    12:00:02 Timing Summary Report
    [build] 2026-01-05T12:00:03.1234567Z +-----------+------+

Such a prefix has the same shape on all lines that have it: the same characters, but for the digits and for INFO or WARNING. It is
found by its shape and not by a list of formats. No prefix is what a report itself may begin its lines with: spaces, the bars and
borders of tables, and words.
"""

import re
from collections import Counter
from collections.abc import Iterator

SHARE = 0.3  # of the lines that are not empty have the prefix
LONGEST = 96  # tokens
SAMPLE = 4_000  # lines by which the shape is found
ROUNDS = 3  # a prefix may have several parts, as a job and a time
_TOKEN = re.compile(r"[0-9]++|(?:INFO|WARN(?:ING)?|ERROR|DEBUG|NOTICE|TRACE|STATUS)\b|[A-Za-z]++|.", re.DOTALL)
_LEVELS = frozenset({"INFO", "WARN", "WARNING", "ERROR", "DEBUG", "NOTICE", "TRACE", "STATUS"})
_OF_TABLES = "|+-=*"
_MARKS = frozenset(":>#/])|%;,")


def strip(lines: list[str]) -> tuple[int, str, int] | None:
    """Take the prefix off ``lines``, in place; return the first line that had it, its prefix, and how many had it, or None."""
    found: tuple[int, str, int] | None = None
    for _ in range(ROUNDS):
        pattern = _pattern(lines)
        if pattern is None:
            break
        begins, first = 0, None
        for index, line in enumerate(lines):
            match = pattern.match(line)
            if match is not None:
                first = (index, match[0]) if first is None else first
                lines[index] = line[match.end() :]
                begins += 1
        if first is None:
            break
        found = (*first, begins) if found is None else (found[0], found[1] + first[1], found[2])
    return found


def _pattern(lines: list[str]) -> re.Pattern[str] | None:
    """Return what matches the prefix of ``lines``, or None where they have none."""
    filled = [line for line in lines if line and not line.isspace()]
    if len(filled) < 3:
        return None
    sample = filled[:: max(len(filled) // SAMPLE, 1)]
    tokens, shared = _shape(sample)
    end = 0
    for at in _ends(tokens):
        if end and shared[at - 1] < shared[end - 1]:
            break
        if end or shared[at - 1] == len(sample) or _drawn(sample, tokens[:at]):
            end = at
    if end and "".join(tokens[:end]).rstrip().endswith("|"):  # of the prefix, as in "web_1  | ", or the first bar of a table?
        said = [rest.strip() for rest in _rests(sample, tokens[:end]) if rest.strip()]
        if all(rest.endswith("|") and not rest.startswith("|") for rest in said):
            end = _before_bar(tokens[:end])
    return _compile(tokens[:end]) if end else None


def _rests(sample: list[str], tokens: list[str]) -> list[str]:
    """Return what the lines that begin with these tokens have after them."""
    pattern = _compile(tokens)
    return [line[match.end() :] for line in sample if (match := pattern.match(line))]


def _drawn(sample: list[str], tokens: list[str]) -> bool:
    """Return whether after these tokens there are the rules, borders and bars that every report has."""
    starts = [line[: 8 * LONGEST] for line in sample]
    return any(rest.lstrip(" ").startswith(("---", "+-", "|")) for rest in _rests(starts, tokens))


def _before_bar(tokens: list[str]) -> int:
    """Return how many tokens stand before the last bar."""
    return len(tokens) - 1 - tokens[::-1].index("|")


def _tokens(line: str) -> Iterator[str]:
    """Yield the tokens of a line: digits alike, and names of levels alike."""
    for match in _TOKEN.finditer(line.lstrip(" ")[: 4 * LONGEST]):
        word = match[0]
        yield "0" if word[0] in "0123456789" else "INFO" if word.upper() in _LEVELS else word.casefold()


def _shape(sample: list[str]) -> tuple[list[str], list[int]]:
    """Return the tokens with which at least ``SHARE`` of the lines begin, and how many lines have each and all before it."""
    alive, ended = [_tokens(line) for line in sample], 0  # an empty line has the prefix, often without the spaces at its end
    tokens: list[str] = []
    shared: list[int] = []
    while len(tokens) < LONGEST:
        following = [(next(line, None), line) for line in alive]  # only lines that share all before are looked at further
        counts = Counter(token for token, _ in following if token is not None)
        ended += len(following) - counts.total()
        if not counts:
            break
        token, count = counts.most_common(1)[0]
        blank = ended if tokens and "".join(tokens).strip() else 0
        if count + blank < SHARE * len(sample):
            break
        alive = [line for each, line in following if each == token]
        tokens.append(token)
        shared.append(count + blank)
    return tokens, shared


def _ends(tokens: list[str]) -> list[int]:
    """Return after how many of the tokens a prefix may end: after a space or a mark, if it has a number or a mark."""
    if not tokens or tokens[0] in _OF_TABLES:
        return []
    known = next((at for at, token in enumerate(tokens) if token == "0" or token in _MARKS), len(tokens))
    return [at + 1 for at, token in enumerate(tokens) if at >= known and (token == " " or token in _MARKS)]


def _compile(tokens: list[str]) -> re.Pattern[str]:
    parts = []
    for token in tokens:
        if token == "0":
            parts.append("[0-9]++")
        elif token == "INFO":
            parts.append(f"(?:{'|'.join(sorted(_LEVELS, key=len, reverse=True))})")
        else:
            parts.append(re.escape(token))
    last = len(parts)
    while last and tokens[last - 1] == " ":
        last -= 1
    body, spaces = "".join(parts[:last]), "".join(parts[last:])
    return re.compile(rf" *+{body}(?:{spaces}|$)" if spaces else rf" *+{body}", re.IGNORECASE)
