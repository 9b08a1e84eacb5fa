"""``FpgaMetrics``: what the reports of an FPGA build say, in one object.

    metrics = read("top_timing_summary_routed.rpt")
    metrics.timing.slacks.wns_ns                    # None where the report says NA
    metrics.timing.worst_setup.path.logic_levels
    everything = gather(read("timing.rpt"), read("utilization.rpt"), read("power.rpt"))

A text that is damaged or cut gives what could be read: ``partial`` says that something is missing, ``warnings`` where.
"""

import dataclasses
import math
import os
import stat
from pathlib import Path
from typing import Any

from neurorl.envs.fpga.reports import document, leftover, methodology, power, text, timing, utilization, values
from neurorl.envs.fpga.reports.clocks import Slacks
from neurorl.envs.fpga.reports.document import Document, Header, Placed
from neurorl.envs.fpga.reports.methodology import MethodologyReport
from neurorl.envs.fpga.reports.power import PowerReport
from neurorl.envs.fpga.reports.text import ReportError, Source
from neurorl.envs.fpga.reports.timing import TimingReport
from neurorl.envs.fpga.reports.utilization import UtilizationReport


@dataclasses.dataclass(frozen=True)
class ReportTable:
    """A bordered table as it stands: cells that are just a number as numbers, empty ones and NA as None, others as words."""

    heading: str
    columns: tuple[str, ...]  # empty where the table has no names
    rows: tuple[tuple[int | float | str | None, ...], ...]
    line: int  # from 1


@dataclasses.dataclass(frozen=True)
class FpgaMetrics:
    """Timing, utilization, power and methodology of a design; a part that no report spoke of is None."""

    kind: str  # "timing", "utilization", "power", "methodology", "drc", "excerpt", or "gathered" from several
    timing: TimingReport | None = None
    utilization: UtilizationReport | None = None
    power: PowerReport | None = None
    methodology: MethodologyReport | None = None
    header: Header = Header()
    tables: tuple[ReportTable, ...] = ()
    partial: bool = False  # whether something that the whole report holds is missing
    warnings: tuple[str, ...] = ()  # what was noticed; each names its line

    @property
    def timing_met(self) -> bool | None:
        """Whether no slack is below 0 and no endpoint fails.

        None where the text does not tell: it has no timing, constrains nothing, or is partial, and what is missing may fail.
        """
        if self.timing is None:
            return None
        slacks = [self.timing.slacks, *(group.slacks for group in self.timing.groups)]
        told = [value for each in slacks for value in (each.wns_ns, each.whs_ns, each.wpws_ns) if value is not None]
        told += [path.slack_ns for path in self.timing.paths] + [pulse.slack_ns for pulse in self.timing.pulse_widths]
        failing = any(each.tns_failing_endpoints or each.ths_failing_endpoints or each.tpws_failing_endpoints for each in slacks)
        if self.timing.verdict == "not_met" or failing or any(value < 0.0 for value in told):
            return False
        timed = self.timing.verdict == "met" or any(math.isfinite(value) for value in told)
        return True if timed and not self.partial else None


def read(path: str | os.PathLike[str]) -> FpgaMetrics:
    """Return what a report file says.

    Raises:
        ReportError: It is no report; the message names the line.
        OSError: It cannot be read.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ReportError(f"'{os.fspath(path)}' is not a file; give the file that Vivado wrote")
    with Path(path).open("rb") as file:
        return _parse(text.decode(file.read(text.MAX_BYTES + 1)))


def parse(report: str | bytes) -> FpgaMetrics:
    """Return what the text of a report says.

    Raises:
        ReportError: It is no report; the message names the line.
    """
    return _parse(text.of_text(report) if isinstance(report, str) else text.decode(report))


def gather(*reports: FpgaMetrics) -> FpgaMetrics:
    """Return several reports of a design as one: of each part, the first that speaks of it."""
    parts = {
        name: next((part for part in (getattr(report, name) for report in reports) if part is not None), None)
        for name in ("timing", "utilization", "power", "methodology")
    }
    return FpgaMetrics(
        "gathered",
        **parts,
        header=reports[0].header if reports else Header(),
        tables=tuple(table for report in reports for table in report.tables),
        partial=any(report.partial for report in reports),
        warnings=tuple(warning for report in reports for warning in report.warnings),
    )


@dataclasses.dataclass
class _Part:
    """What one report of a text says."""

    document: Document
    timing: TimingReport | None
    utilization: UtilizationReport | None
    power: PowerReport | None
    methodology: MethodologyReport | None

    @property
    def said(self) -> set[str]:
        """The names of the parts of ``FpgaMetrics`` that it speaks of."""
        return {name for name in _SECTIONS if getattr(self, name) is not None}


_SECTIONS = ("timing", "utilization", "power", "methodology")


def _parse(source: Source) -> FpgaMetrics:
    documents = document.split(source)
    parts = [_part(each) for each in documents if each.read]
    first = next((part for part in parts if part.said), None)
    if first is None:
        raise _refusal(documents)
    found: dict[str, Any] = {}
    taken: list[_Part] = []
    for part in parts:
        if not part.said or _add(source, part, taken, found):
            source.take(part.document.source)
            taken.append(part)
    for other in documents:
        if not other.read:
            begins = other.source.numbers[0]
            source.note(begins, f"the report of '{other.command[:60]}' begins here, which is not read", partial=False)
    return FpgaMetrics(
        kind=first.document.kind,
        **found,
        header=first.document.header,
        tables=tuple(_table(placed, part) for part in taken for placed in part.document.tables),
        partial=source.partial,
        warnings=source.warnings(),
    )


def _part(whole: Document) -> _Part:
    whole = document.scan(whole)
    timed, rules = timing.parse(whole)
    part = _Part(whole, timed, utilization.parse(whole), power.parse(whole), methodology.parse(whole, rules))
    leftover.warn(whole)
    return part


def _add(source: Source, part: _Part, taken: list[_Part], found: dict[str, Any]) -> bool:
    """Add what a part says to ``found``; return whether it was taken, and note where it was not, for another spoke before it."""
    begins = part.document.source.numbers[0]
    before = next((other.document.header for other in taken if other.said), part.document.header)
    if _differ(before, part.document.header):
        source.note(begins, f"the report of another design or device begins here, {_name(part)}; it was not read")
        return False
    again = {name for name in part.said if name in found}
    if "methodology" in again and not (_own(part) and any(_own(other) for other in taken)):
        again.discard("methodology")  # which a timing summary only repeats
        if set(found["methodology"].rules) != set(part.methodology.rules if part.methodology else ()):
            source.note(begins, "the rules of the timing summary are not those of the report of rules, of which they were taken")
        if _own(part):
            found.pop("methodology")
    joined = timing.join(found["timing"], part.timing) if "timing" in again and part.timing else None
    if joined is not None:
        found["timing"] = joined
        again.discard("timing")
    if again:
        earlier = next(other.document.source.numbers[0] for other in taken if again & other.said)
        what = f"'{part.document.title}'" if part.document.title else f"report of {' and '.join(sorted(again))}"
        source.note(begins, f"a second {what} begins here; it was not read, that of line {earlier} was")
    new = {name for name in part.said if name not in found}
    found |= {name: getattr(part, name) for name in new}
    return bool(new) or joined is not None


def _own(part: _Part) -> bool:
    return part.document.kind in ("methodology", "drc")


def _differ(first: Header, second: Header) -> bool:
    """Return whether two headers name two designs."""
    return bool(first.design and second.design and first.design != second.design)


def _name(part: _Part) -> str:
    header = part.document.header
    return f"'{(header.design or '')[:60]}' on '{(header.device or '')[:60]}'"


def _refusal(documents: list[Document]) -> ReportError:
    """Return why nothing of a text was read."""
    for other in documents:
        if not other.read:
            line = next((i for i, text in enumerate(other.source.lines) if "command" in text.casefold()), 0)
            known = "is known and not read" if other.title else "is not read"
            message = f"this is the report of '{other.command[:60]}', which {known}; what is read are {document.READ}"
            return ReportError(message, other.source.numbers[line])
    for other in documents:
        if other.title or other.header.command:
            begins = f"'{other.title}'" if other.title else f"the header of a '{other.command[:60]}'"
            return ReportError(f"{begins} begins here, but no value of it could be read", other.source.numbers[0])
    return ReportError(f"nothing in this text is from a Vivado report; what is read are {document.READ}")


def _table(placed: Placed, part: _Part) -> ReportTable:
    table = placed.table
    rows = tuple(tuple(values.loose(cell) for cell in row.cells) for row in table.rows)
    return ReportTable(placed.heading, table.columns, rows, part.document.source.numbers[table.line])


def as_dict(metrics: FpgaMetrics) -> dict[str, Any]:
    """Return ``metrics`` as the object that ``neurorl report --json`` prints.

    ``kind`` stands first, the fields of the parts that are there next, ``wns_ns`` to ``tpws_ns`` before all, then the header.
    """
    result: dict[str, Any] = {"kind": metrics.kind}
    for part in (metrics.timing, metrics.utilization, metrics.power, metrics.methodology):
        if part is not None:
            result |= _plain(part)
    if metrics.methodology is not None:
        result["by_severity"] = metrics.methodology.by_severity
    result |= _plain(metrics.header)
    result["tables"] = [_plain(table) for table in metrics.tables]
    result["partial"] = metrics.partial
    result["warnings"] = list(metrics.warnings)
    return result


def _plain(value: Any) -> Any:
    """Return dataclasses as dictionaries and tuples as lists; the slacks of a thing stand among its own fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        result: dict[str, Any] = {}
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if isinstance(inner, Slacks):
                result |= _plain(inner)
            else:
                result[field.name] = _plain(inner)
        return result
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
