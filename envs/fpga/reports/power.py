"""How much power a design draws and how hot it makes the chip, from ``report_power``."""

import dataclasses

from neurorl.envs.fpga.reports import tables, values
from neurorl.envs.fpga.reports.document import Document, Placed
from neurorl.envs.fpga.reports.text import Source

_SUMMARY = {
    "Total On-Chip Power (W)": "total_power_w",
    "Dynamic (W)": "dynamic_power_w",
    "Device Static (W)": "static_power_w",
    "Effective TJA (C/W)": "theta_ja_c_per_w",
    "Max Ambient (C)": "max_ambient_temperature_c",
    "Junction Temperature (C)": "junction_temperature_c",
    "Design Power Budget (W)": "power_budget_w",
    "Power Budget Margin (W)": "power_margin_w",
    "Ambient Temp (C)": "ambient_temperature_c",
    "ThetaJA (C/W)": "theta_ja_setting_c_per_w",
}
_UNREAD = frozenset(
    (
        *("total off-chip power (w)", "setting file", "simulation activity file", "design nets matched", "confidence level"),
        *("airflow (lfm)", "board selection", "board temperature (c)", "heat sink", "thetasa (c/w)", "# of board layers"),
        *("thetajb (c/w)", "custom thetasa (c/w)", "process", "power mode", "noc power (w)", "aie power (w)", "hbm power (w)"),
    )
)
_KNOWN = {name.casefold(): field for name, field in _SUMMARY.items()}


@dataclasses.dataclass(frozen=True)
class Component:
    """Power of one kind of resource, or of one instance of the design."""

    name: str
    depth: int = 0
    power_w: int | float | None = None
    power_below: bool = False  # whether the report says only that it is below ``power_w``, as in "<0.001"
    used: int | float | None = None
    available: int | float | None = None
    percent: int | float | None = None
    percent_below: bool = False


@dataclasses.dataclass(frozen=True)
class Rail:
    """A supply."""

    name: str
    voltage_v: int | float | None = None
    total_a: int | float | None = None
    dynamic_a: int | float | None = None
    static_a: int | float | None = None


@dataclasses.dataclass(frozen=True)
class PowerReport:
    """Power and temperature. None where the report says nothing, or ``Unspecified``."""

    total_power_w: int | float | None = None
    dynamic_power_w: int | float | None = None
    static_power_w: int | float | None = None
    junction_temperature_c: int | float | None = None
    theta_ja_c_per_w: int | float | None = None  # effective: junction above ambient for each watt
    max_ambient_temperature_c: int | float | None = None
    ambient_temperature_c: int | float | None = None
    theta_ja_setting_c_per_w: int | float | None = None  # as the environment was set
    power_budget_w: int | float | None = None
    power_margin_w: int | float | None = None
    confidence_level: str | None = None  # "Low", "Medium" or "High"
    power_remarks: tuple[str, ...] = ()  # what the summary adds to a number, as in "25.955 (Junction temp exceeded!)"
    components: tuple[Component, ...] = ()
    rails: tuple[Rail, ...] = ()
    power_hierarchy: tuple[Component, ...] = ()


def parse(document: Document) -> PowerReport | None:
    """Return the power that a text tells, or None where it tells nothing of it."""
    fields: dict[str, int | float | None] = {}
    remarks: list[str] = []
    confidence: str | None = None
    components: list[Component] = []
    rails: list[Rail] = []
    hierarchy: list[Component] = []
    source = document.source
    for placed in document.tables:
        columns = placed.table.columns
        if not columns:
            confidence = _summary(source, placed, fields, remarks, document.kind == "power") or confidence
        elif columns[0] == "On-Chip":
            components += _components(source, placed)
        elif columns[0] == "Source" and "Voltage (V)" in columns:
            rails += _rails(source, placed)
        elif columns == ("Name", "Power (W)"):
            hierarchy += _components(source, placed)
        elif document.kind == "power" and not _is_other(columns):
            source.warn(placed.table.line, f"a table whose names begin with {columns[0][:40]!r} is only in tables", partial=False)
    if document.kind == "power" and not fields:
        source.warn(len(source.lines) - 1, "the text ends before its summary")
    if not (
        fields or components or rails or hierarchy or (document.kind == "power" and (document.header.command or document.listed))
    ):
        return None
    return PowerReport(
        **fields,
        confidence_level=confidence,
        power_remarks=tuple(remarks),
        components=tuple(components),
        rails=tuple(rails),
        power_hierarchy=tuple(hierarchy),
    )


def _is_other(columns: tuple[str, ...]) -> bool:
    """Return whether a table is one of those that are known and not read: clocks, confidence, details of a kind of cell."""
    first = columns[0].casefold()
    return first in ("clock", "user input data") or (first == "name" and len(columns) > 2)


def _summary(
    source: Source, placed: Placed, fields: dict[str, int | float | None], remarks: list[str], whole: bool
) -> str | None:
    """Read a table of names and values into ``fields`` and ``remarks``; return the confidence level if it has one."""
    confidence = None
    for row in placed.table.rows:
        name, cell = row.cells[0], row.cells[-1]
        low = name.casefold().rstrip("*")
        if len(row.cells) != 2:
            source.warn(row.line, "the row has no names above it")
        elif low in _KNOWN:
            reading = values.reading(source, row.line, name, cell)
            if fields.setdefault(_KNOWN[low], reading.value) != reading.value:
                source.warn(row.line, f"{name!r} stands here again with another value, which was not read")
            if reading.remark and f"{name}: {cell}" not in remarks:
                remarks.append(f"{name}: {cell}")
        elif low == "confidence level":
            confidence = cell or confidence
        elif whole and low not in _UNREAD:
            source.warn(row.line, f"{name[:40]!r} is not known; its value is only in tables", partial=False)
    return confidence


def _components(source: Source, placed: Placed) -> list[Component]:
    table = placed.table
    tables.take(source, table)
    result = []
    for row, depth in zip(table.rows, tables.depths(table.rows), strict=True):
        cells = dict(zip(table.columns, row.cells, strict=True))
        read = {
            column: values.reading(source, row.line, column, cells.get(column, ""))
            for column in ("Power (W)", "Used", "Available", "Utilization (%)")
        }
        power, percent = read["Power (W)"], read["Utilization (%)"]
        used, available = read["Used"].value, read["Available"].value
        component = Component(row.cells[0], depth, power.value, power.below, used, available, percent.value, percent.below)
        result.append(component)
    return result


def _rails(source: Source, placed: Placed) -> list[Rail]:
    tables.take(source, placed.table)
    result = []
    for row in placed.table.rows:
        cells = dict(zip(placed.table.columns, row.cells, strict=True))
        numbers = [
            values.reading(source, row.line, column, cells.get(column, "")).value
            for column in ("Voltage (V)", "Total (A)", "Dynamic (A)", "Static (A)")
        ]
        result.append(Rail(row.cells[0], *numbers))
    return result
