"""Rules and how often each is violated, from ``report_methodology``, ``report_drc`` and the summary in a timing report."""

import dataclasses
import re

from neurorl.envs.fpga.reports import tables, values
from neurorl.envs.fpga.reports.document import Document
from neurorl.envs.fpga.reports.tables import Table
from neurorl.envs.fpga.reports.text import Source

_COUNTS = ("Violations", "Checks")  # the name since 2025
_SEVERITIES = {name.casefold(): name for name in ("Critical Warning", "Warning", "Advisory", "Error", "Info", "Fatal")}
_ID = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,6}", re.IGNORECASE)
_FOUND = re.compile(r"(?:violations|checks) found:\s*+([0-9]{1,12})", re.IGNORECASE)
_DETAIL = re.compile(r"([A-Z][A-Z0-9_]{0,30}-[0-9]{1,6})#([0-9]{1,9})\s++([A-Za-z]{1,20}(?: [A-Za-z]{1,20})?)", re.IGNORECASE)


def is_table(columns: tuple[str, ...]) -> bool:
    """Return whether a table with these columns lists rules."""
    return {"Rule", "Severity"} <= set(columns)


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule, and how often the design violates it."""

    rule: str  # as in "TIMING-18"
    severity: str  # "Critical Warning", "Warning", "Advisory", ...
    description: str
    violations: int | None


@dataclasses.dataclass(frozen=True)
class MethodologyReport:
    """Every violated rule."""

    violations_found: int | None = None  # as the report says; None where it does not
    rules: tuple[Rule, ...] = ()

    @property
    def by_severity(self) -> dict[str, int]:
        """Violations of each severity."""
        counts: dict[str, int] = {}
        for rule in self.rules:
            counts[rule.severity] = counts.get(rule.severity, 0) + (rule.violations or 0)
        return counts


def rules(source: Source, table: Table) -> tuple[Rule, ...]:
    """Return the rules of a table that lists them."""
    result = []
    for row in table.rows:
        if row.cut or len(row.cells) != len(table.columns):
            continue
        cells = dict(zip(table.columns, row.cells, strict=True))
        column = next((name for name in _COUNTS if name in cells), None)
        count = values.reading(source, row.line, column, cells[column]).value if column else None
        severity = _SEVERITIES.get(cells["Severity"].casefold(), cells["Severity"])
        if severity not in _SEVERITIES.values():
            source.warn(row.line, f"the severity of the rule is {severity[:40]!r}, which is not known", partial=False)
        result.append(Rule(cells["Rule"], severity, cells.get("Description", ""), None if count is None else int(count)))
    return tuple(result)


def parse(document: Document, summary: tuple[Rule, ...] = ()) -> MethodologyReport | None:
    """Return the rules of a report, or None where the text has none.

    Args:
        document: The text.
        summary: The rules that stand in a timing report.
    """
    source = document.source
    own = document.kind in ("methodology", "drc")
    drawn = [placed.table for placed in document.tables if is_table(placed.table.columns)]
    for table in drawn:
        tables.take(source, table)
    listed = tuple(rule for table in drawn for rule in rules(source, table)) or summary
    found, details = _text(source) if own or drawn else (None, {})
    if not own and not any(_ID.fullmatch(rule.rule) and rule.severity.casefold() in _SEVERITIES for rule in listed):
        return None
    if not (listed or details or drawn or found is not None or document.header.command):
        return None
    _complete(source, own, found, drawn, listed, details)
    known = {rule.rule for rule in listed}
    whole = tuple(_filled(rule, details.get(rule.rule)) for rule in listed)
    return MethodologyReport(found, whole + tuple(rule for name, rule in details.items() if name not in known))


def _filled(rule: Rule, described: Rule | None) -> Rule:
    """Return a rule with what its row lacks, from the descriptions of its violations."""
    if described is None:
        return rule
    severity, description = rule.severity or described.severity, rule.description or described.description
    return dataclasses.replace(rule, severity=severity, description=description)


def _text(source: Source) -> tuple[int | None, dict[str, Rule]]:
    """Return how many violations the summary says were found, and the rules of which each is described, with their number."""
    found: int | None = None
    details: dict[str, Rule] = {}
    lines = source.lines
    for at, line in enumerate(lines):
        text = line.strip()
        if len(text) > 100:
            continue
        if (match := _FOUND.fullmatch(text)) and not source.open(at):
            source.mark(at)
            if found is not None and found != int(match[1]):
                source.warn(at, f"the text says before that {found} violations were found, and here {match[1]}")
            found = int(match[1]) if found is None else found
        elif "#" in text and (match := _DETAIL.fullmatch(text)) and match[3].casefold() in _SEVERITIES:
            source.mark(at)
            before = details.get(match[1])
            about = next((line.strip() for line in lines[at + 1 : at + 3] if line.strip()), "")
            about = "" if source.open(at + 1) else about
            count = 1 + ((before.violations or 0) if before else 0)
            details[match[1]] = dataclasses.replace(
                before or Rule(match[1], _SEVERITIES[match[3].casefold()], about, 0), violations=count
            )
    return found, details


def _complete(
    source: Source, own: bool, found: int | None, drawn: list[Table], listed: tuple[Rule, ...], details: dict[str, Rule]
) -> None:
    """Note where the summary, the table of rules and the descriptions of their violations do not agree."""
    end = len(source.lines) - 1
    if not own:
        return
    if found is None:
        source.warn(end, "the text ends before its summary")
    counted = sum(rule.violations or 0 for rule in (listed or tuple(details.values())))
    if found and not (listed or details):
        source.warn(end, f"{found} violations were found, but the text does not say of which rules")
    elif found is not None and counted != found:
        source.warn(end, f"{found} violations were found, but those of the rules are {counted}")
    missing = [name for name in details if drawn and name not in {rule.rule for rule in listed}]
    if missing:
        source.warn(end, f"the table of rules has no {missing[0]}, of which the text describes a violation")
    for rule in listed if details else ():
        described = details[rule.rule].violations or 0 if rule.rule in details else 0
        if described < (rule.violations or 0):
            source.warn(end, f"the text ends before the {rule.violations} violations of {rule.rule}")
            break
