"""What is not constrained, or constrained in a doubtful way, from the ``check_timing`` part of a timing summary."""

import dataclasses
import re

from neurorl.envs.fpga.reports.text import Source

_CHECK = re.compile(r"[0-9]{1,3}\. checking ([a-z_]{1,60})(?: \(([0-9]{1,12})\))?\s*")
_COUNT = re.compile(r" ?There (?:is|are) ([0-9]{1,12}) (.{1,300}?)\.?\s*(?:\((HIGH|MEDIUM|LOW)\))?\s*")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One sentence of a check."""

    count: int
    text: str  # as in "input ports with no input delay specified"
    severity: str | None  # "HIGH", "MEDIUM", "LOW"; None where nothing was found


@dataclasses.dataclass(frozen=True)
class Check:
    """A check, and how often it found something."""

    name: str  # as in "no_input_delay"
    count: int | None  # None where the text ends within it
    findings: tuple[Finding, ...] = ()


def parse(source: Source) -> tuple[Check, ...]:
    """Return the checks of a text."""
    counts: dict[str, int | None] = {}
    findings: dict[str, list[Finding]] = {}
    name = ""
    lines = source.lines
    for at, line in enumerate(lines):
        if name and line.lstrip().startswith("There ") and not source.open(at):
            match = _COUNT.fullmatch(line)
            if match:
                findings[name].append(Finding(int(match[1]), match[2], match[3]))
        elif line[:1].isdigit() and (match := _CHECK.fullmatch(line)):
            if at + 1 < len(lines) and lines[at + 1].startswith("---"):
                name = match[1]
                counts[name] = int(match[2]) if match[2] else None
                findings.setdefault(name, [])
        elif line.startswith("| "):
            name = ""
    last = name  # in which the text ends, unless another part of the report follows
    result = []
    for check, count in counts.items():
        said = tuple(findings[check])
        if count is None and said and check != last:
            count = sum(finding.count for finding in said)
        result.append(Check(check, count, said))
    return tuple(result)
