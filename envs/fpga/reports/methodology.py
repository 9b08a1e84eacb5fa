"""Rules and how often each is violated, from ``report_methodology``, ``report_drc`` and the summary in a timing report."""

import dataclasses
import re

from neurorl.envs.fpga.reports import values
from neurorl.envs.fpga.reports.document import Document
from neurorl.envs.fpga.reports.tables import Table
from neurorl.envs.fpga.reports.text import Source

COLUMNS = ("Rule", "Severity", "Description")  # and "Violations", which is "Checks" since 2025
_FOUND = re.compile(r"\s{0,40}(?:Violations|Checks) found:\s{0,20}([0-9]{1,12})\s*")
_DETAIL = re.compile(r"([A-Z][A-Z0-9_]{0,30}-[0-9]{1,6})#([0-9]{1,9}) (Critical Warning|Warning|Advisory|Error|Info)\s*")


def is_table(columns: tuple[str, ...]) -> bool:
    """Return whether a table with these columns lists rules."""
    return len(columns) == 4 and columns[:3] == COLUMNS


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
        if row.cut:
            continue
        name, severity, description, violations = row.cells
        count = values.reading(source, row.line, table.columns[3], violations).value
        result.append(Rule(name, severity, description, None if count is None else int(count)))
    return tuple(result)


def parse(document: Document, summary: tuple[Rule, ...] = ()) -> MethodologyReport | None:
    """Return the rules of a report, or None where the text has none.

    Args:
        document: The text.
        summary: The rules that stand in a timing report.
    """
    source = document.source
    tables = [placed.table for placed in document.tables if is_table(placed.table.columns)]
    listed = tuple(rule for table in tables for rule in rules(source, table)) or summary
    if (
        not listed
        and document.kind not in ("methodology", "drc")
        and document.titles.isdisjoint({"Report Methodology", "Report DRC"})
    ):
        return None
    found: int | None = None
    details: dict[str, int] = {}
    for at, line in enumerate(source.lines):
        if found is None and (match := _FOUND.fullmatch(line)) and not source.open(at):
            found = int(match[1])
        elif match := _DETAIL.fullmatch(line):
            details[match[1]] = details.get(match[1], 0) + 1
    if found is None and document.kind in ("methodology", "drc"):
        source.warn(len(source.lines) - 1, "the text ends before its summary")
    if found and not tables:
        source.warn(len(source.lines) - 1, f"{found} violations were found, but the table of rules is missing")
    for rule in listed if details else ():
        if details.get(rule.rule, 0) < (rule.violations or 0):
            source.warn(len(source.lines) - 1, f"the text ends before the {rule.violations} violations of {rule.rule}")
            break
    return MethodologyReport(found, listed)
