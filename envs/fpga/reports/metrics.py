"""``FpgaMetrics``: what the reports of an FPGA build say, in one object.

    metrics = read("top_timing_summary_routed.rpt")
    metrics.timing.slacks.wns_ns                    # None where the report says NA
    metrics.timing.worst_setup.path.logic_levels
    everything = gather(read("timing.rpt"), read("utilization.rpt"), read("power.rpt"))

A text that is damaged or cut gives what could be read: ``partial`` says that something is missing, ``warnings`` where.
"""

import dataclasses
import os
import stat
from pathlib import Path
from typing import Any

from neurorl.envs.fpga.reports import document, methodology, power, text, timing, utilization, values
from neurorl.envs.fpga.reports.clocks import Slacks
from neurorl.envs.fpga.reports.document import Header, Placed
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


def _parse(source: Source) -> FpgaMetrics:
    whole = document.scan(source)
    timed, rules = timing.parse(whole)
    used, drawn, rated = utilization.parse(whole), power.parse(whole), methodology.parse(whole, rules)
    if timed is None and used is None and drawn is None and rated is None:
        raise ReportError(f"nothing in this text is from a Vivado report; what is read are {document.READ}")
    if source.omitted:
        source.warnings.append(f"line {len(source.lines)}: {source.omitted} more warnings were left out")
    return FpgaMetrics(
        kind=whole.kind,
        timing=timed,
        utilization=used,
        power=drawn,
        methodology=rated,
        header=whole.header,
        tables=tuple(_table(placed) for placed in whole.tables),
        partial=source.partial,
        warnings=tuple(source.warnings),
    )


def _table(placed: Placed) -> ReportTable:
    table = placed.table
    rows = tuple(tuple(values.loose(cell) for cell in row.cells) for row in table.rows)
    return ReportTable(placed.heading, table.columns, rows, table.line + 1)


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
