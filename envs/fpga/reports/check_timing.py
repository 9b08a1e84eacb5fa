"""What is not constrained, or constrained in a doubtful way, from the ``check_timing`` part of a timing summary."""

import dataclasses
import re

from neurorl.envs.fpga.reports.text import Source

_CHECK = re.compile(r"[0-9]{1,3}\. checking ([a-z_]{1,60}(?: [a-z_]{1,60}){0,3})(?: \(([0-9]{1,12})\))?", re.IGNORECASE)
_COUNT = re.compile(r"There (?:is|are) ([0-9]{1,12}) (.++)", re.IGNORECASE)
KNOWN = frozenset(
    (
        *("no_clock", "constant_clock", "pulse_width_clock", "unconstrained_internal_endpoints", "no_input_delay"),
        *("no_output_delay", "multiple_clock", "generated_clocks", "loops", "partial_input_delay", "partial_output_delay"),
        *("latch_loops", "unexpandable_clocks"),
    )
)


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
        text = line.strip()
        if name and text[:6].casefold() == "there " and not source.open(at):
            finding = _finding(text)
            if finding:
                source.mark(at)
                findings[name].append(finding)
        elif text[:1].isdigit() and len(text) < 300 and (match := _CHECK.fullmatch(text)):
            if at + 1 < len(lines) and (lines[at + 1].lstrip().startswith("---") or _is_finding(lines, at + 1)):
                source.mark(at)
                name = match[1].casefold().replace(" ", "_")
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


def _is_finding(lines: list[str], at: int) -> bool:
    following = next((line.strip() for line in lines[at : at + 4] if line.strip()), "")
    return _finding(following) is not None


def _finding(text: str) -> Finding | None:
    """Return what a sentence says, as ``There are 4 input ports with no input delay specified. (HIGH)``."""
    match = _COUNT.fullmatch(text)
    if match is None:
        return None
    said, severity = match[2], None
    if said.endswith(")") and said[said.rfind("(") + 1 : -1].upper() in ("HIGH", "MEDIUM", "LOW"):
        severity = said[said.rfind("(") + 1 : -1].upper()
        said = said[: said.rfind("(")].rstrip()
    return Finding(int(match[1]), said.removesuffix("."), severity)
