"""What of the chip a design uses, from ``report_utilization``."""

import dataclasses
import re

from neurorl.envs.fpga.reports import tables, values
from neurorl.envs.fpga.reports.document import Document, Placed
from neurorl.envs.fpga.reports.text import Source

# The rows which stand for a resource, in all families; Vivado marks some of them with stars for footnotes.
SHORTCUTS = {
    "lut": ("CLB LUTs", "Slice LUTs", "LUTs"),
    "ff": ("CLB Registers", "Slice Registers", "Registers"),
    "bram": ("Block RAM Tile",),
    "uram": ("URAM",),
    "dsp": ("DSPs", "DSP Slices"),
    "io": ("Bonded IOB",),
}
_IN_HIERARCHY = {"lut": ("Total LUTs",), "ff": ("FFs",), "uram": ("URAM",), "dsp": ("DSP Blocks", "DSP48 Blocks", "DSPs")}
_FIELDS = {"Used": "used", "Fixed": "fixed", "Prohibited": "prohibited", "Available": "available", "Util%": "percent"}
_PERCENT = re.compile(r"\(<?([0-9]{1,9}(?:\.[0-9]{1,9})?)%\)")


@dataclasses.dataclass(frozen=True)
class Resource:
    """A row: a kind of site, and how much of it is used. A cell that is empty is None."""

    name: str  # as it stands, footnote stars too
    table: str  # heading of its table
    depth: int = 0  # how deep it is nested under the rows above it
    used: int | float | None = None  # a block RAM may be used by half
    fixed: int | float | None = None  # of these, placed by hand
    prohibited: int | float | None = None
    available: int | float | None = None
    percent: int | float | None = None  # 100 used / available, rounded; above 100 where the design does not fit
    percent_below: bool = False  # whether the report says only that it is below ``percent``, as in "<0.01"


@dataclasses.dataclass(frozen=True)
class Instance:
    """A row of the hierarchical report."""

    name: str
    module: str
    depth: int
    used: dict[str, int | float | None]  # by the name of the column: "Total LUTs", "FFs", ...
    percent: dict[str, float]  # of the device, by the name of the column, with -hierarchical_percentages


@dataclasses.dataclass(frozen=True)
class UtilizationReport:
    """Every row of every table that counts sites, and the resources that matter most by name."""

    lut: Resource | None = None
    ff: Resource | None = None
    bram: Resource | None = None  # tiles of 36 Kb
    uram: Resource | None = None
    dsp: Resource | None = None
    io: Resource | None = None
    resources: tuple[Resource, ...] = ()
    instances: tuple[Instance, ...] = ()


def parse(document: Document) -> UtilizationReport | None:
    """Return the utilization that a text tells, or None where it tells nothing of it."""
    resources: list[Resource] = []
    instances: list[Instance] = []
    source, whole = document.source, document.kind == "utilization"
    for placed in document.tables:
        columns = placed.table.columns
        if not columns:
            if whole:
                source.warn(placed.table.line, "a table has no names; its rows are only in tables")
        elif "Used" in columns and (whole or _of_chip(placed)):
            resources += _resources(source, placed)
        elif "Total LUTs" in columns and columns[0] in ("Instance", "Total LUTs"):
            instances += _instances(source, placed)
        elif whole and not _is_other(columns):
            source.warn(placed.table.line, f"a table whose names begin with {columns[0][:40]!r} is only in tables", partial=False)
    if not resources and not instances:
        if not whole or not (document.header.command or document.listed):
            return None
        source.warn(len(source.lines) - 1, "the text ends before its first table")
    named = {short: _named(resources, names) or _of_top(short, instances) for short, names in SHORTCUTS.items()}
    return UtilizationReport(**named, resources=tuple(resources), instances=tuple(instances))


def _of_chip(placed: Placed) -> bool:
    """Return whether a table of an excerpt counts sites of a chip, and not the blocks of a disk."""
    names = {name.casefold() for names in SHORTCUTS.values() for name in names}
    rows = any(row.cells[0].rstrip("*").casefold() in names for row in placed.table.rows)
    return placed.table.columns[0] in ("Site Type", "Ref Name") or ("Util%" in placed.table.columns and rows)


def _is_other(columns: tuple[str, ...]) -> bool:
    """Return whether a table is one of those that are known and not read: registers by type, and what crosses regions."""
    low = [column.casefold() for column in columns]
    return low == ["total", "clock enable", "synchronous", "asynchronous"] or any("slr" in name or "sll" in name for name in low)


def _resources(source: Source, placed: Placed) -> list[Resource]:
    table = placed.table
    tables.take(source, table)
    result = []
    for row, depth in zip(table.rows, tables.depths(table.rows), strict=True):
        read = {
            _FIELDS[column]: values.reading(source, row.line, column, cell)
            for column, cell in zip(table.columns, row.cells, strict=True)
            if column in _FIELDS
        }
        numbers = {field: reading.value for field, reading in read.items()}
        below = "percent" in read and read["percent"].below
        result.append(Resource(row.cells[0], placed.heading, depth, **numbers, percent_below=below))
    return result


def _instances(source: Source, placed: Placed) -> list[Instance]:
    columns = placed.table.columns
    tables.take(source, placed.table)
    first = 2 if len(columns) > 1 and columns[1] == "Module" else 1 if columns[0] == "Instance" else 0
    result = []
    for row, depth in zip(placed.table.rows, tables.depths(placed.table.rows), strict=True):
        read = {
            column: values.reading(source, row.line, column, cell)
            for column, cell in zip(columns[first:], row.cells[first:], strict=True)
        }
        used = {column: reading.value for column, reading in read.items()}
        percent = {column: float(match[1]) for column, reading in read.items() if (match := _PERCENT.fullmatch(reading.remark))}
        name, module = (*row.cells[:first], "", "")[:2]
        result.append(Instance(name, module, depth, used, percent))
    return result


def _named(resources: list[Resource], names: tuple[str, ...]) -> Resource | None:
    low = {name.casefold() for name in names}
    return next((resource for resource in resources if resource.name.rstrip("*").casefold() in low), None)


def _of_top(short: str, instances: list[Instance]) -> Resource | None:
    """Return what the top instance of a hierarchical report uses, of which it says no more than the number."""
    if not instances:
        return None
    name, used, percent = instances[0].name, instances[0].used, instances[0].percent
    if short == "bram" and used.get("RAMB36") is not None:
        halves = used.get("RAMB18")
        tiles = (used["RAMB36"] or 0) + (halves or 0) / 2
        return Resource(name, "", used=int(tiles) if tiles == int(tiles) else tiles)
    column = next((name for name in _IN_HIERARCHY.get(short, ()) if used.get(name) is not None), None)
    return Resource(name, "", used=used[column], percent=percent.get(column)) if column else None
