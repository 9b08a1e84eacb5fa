"""``neurorl report FILE...``: read Vivado reports of timing, utilization, power and methodology."""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "report",
        help="read Vivado reports",
        description="Read Vivado reports of timing, utilization, power and methodology. Exit 0 when text was read, whatever its "
        "verdict, and 1 when nothing could be.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a report, or a folder of them")
    parser.add_argument("--json", action="store_true", help="print JSON: an object, or a list for several files")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.envs.fpga import reports

    results: list[dict[str, Any]] = []
    read = 0
    for path, named in _files(arguments.files):
        try:
            result = reports.as_dict(reports.read(path)) | {"file": path}
            read += 1
        except (reports.ReportError, OSError) as error:
            message = _why(error)
            sys.stderr.write(_printable(f"neurorl: {path}: {message}\n", sys.stderr))
            if not named:  # a folder may hold other files too
                continue
            result = {"kind": None, "error": message, "file": path}
        results.append(result)
    if arguments.json:
        if len(results) != 1:
            print(json.dumps(results, indent=2))
        elif read:
            print(json.dumps(results[0], indent=2))
    else:
        tables = ["\n".join(_lines(result)) for result in results if result["kind"] is not None]
        if tables:
            print(_printable("\n\n".join(tables), sys.stdout))
    if not (read or results):
        sys.stderr.write("neurorl: no report was found; give the files that Vivado wrote, or a folder that holds them\n")
    return 0 if read else 1


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _files(arguments: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it was named itself; what lies in a folder comes in the order of its name."""
    for argument in arguments:
        if not os.path.isdir(argument):
            yield argument, True
            continue
        for folder, inner, names in os.walk(argument):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(name for name in names if not name.startswith(".")):
                yield os.path.join(folder, name), False


def _printable(text: str, stream: Any) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding, "replace")


def _lines(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines by which a person reads a report."""
    about = [result["kind"], result["design"], result["device"], result["vivado"] and f"Vivado {result['vivado']}"]
    about += [result["speed_file"] and f"speed {result['speed_file']}", result["design_state"]]
    yield f"{result['file']}: {', '.join(str(word) for word in about if word)}"
    if "wns_ns" in result:
        yield from _timing(result)
    if "resources" in result:
        yield from _utilization(result)
    if "total_power_w" in result:
        yield from _power(result)
    if "rules" in result:
        yield from _methodology(result)
    if result["partial"]:
        yield "  partial: something is missing from this text"
    for warning in result["warnings"]:
        yield f"  {warning}"


def _timing(result: dict[str, Any]) -> Iterator[str]:
    yield from _grid(
        ["", "worst ns", "total ns", "failing", "endpoints"],
        [
            [
                name,
                result[f"{worst}_ns"],
                result[f"{total}_ns"],
                result[f"{total}_failing_endpoints"],
                result[f"{total}_total_endpoints"],
            ]
            for name, worst, total in (("setup", "wns", "tns"), ("hold", "whs", "ths"), ("pulse width", "wpws", "tpws"))
        ],
    )
    yield f"  verdict: {(result['verdict'] or 'none').replace('_', ' ')}"
    if result["clocks"]:
        rows = [
            [
                "  " * clock["depth"] + clock["name"],
                *(clock[key] for key in ("period_ns", "frequency_mhz", "wns_ns", "whs_ns", "wpws_ns")),
            ]
            for clock in result["clocks"]
        ]
        yield from _grid(["clock", "period ns", "MHz", "WNS", "WHS", "WPWS"], rows)
    others = [group for group in result["groups"] if group["kind"] != "intra"]
    if others:
        rows = [
            [
                group["name"] or "",
                group["from_clock"],
                group["to_clock"],
                group["wns_ns"],
                group["tns_ns"],
                group["whs_ns"],
                group["ths_ns"],
            ]
            for group in others
        ]
        yield from _grid(["path group", "from", "to", "WNS", "TNS", "WHS", "THS"], rows)
    for check in ("setup", "hold"):
        worst = result[f"worst_{check}"]
        if worst and worst["path"]:
            yield from _path(f"worst {check}", worst)


def _path(title: str, worst: dict[str, Any]) -> Iterator[str]:
    path = worst["path"]
    yield f"  {title}: {_cell(worst['slack_ns'])} ns, {worst['kind'] or 'no'} clock group {worst['clock'] or ''}".rstrip()
    yield f"    {path['source']} -> {path['destination']}"
    delay = f"    delay {_cell(path['data_path_delay_ns'])} ns of {_cell(path['requirement_ns'])} ns"
    yield f"{delay}, logic {_cell(path['logic_percent'])} %, {_cell(path['logic_levels'])} levels; {path['path_type']}"


def _utilization(result: dict[str, Any]) -> Iterator[str]:
    named = [(short.upper(), result[short]) for short in ("lut", "ff", "bram", "uram", "dsp", "io") if result[short]]
    rows = [[name, r["used"], r["available"], _percent(r)] for name, r in named]
    yield from _grid(["", "used", "available", "%"], rows)
    yield f"  {len(result['resources'])} rows of sites, {len(result['instances'])} instances; all of them with --json"


def _power(result: dict[str, Any]) -> Iterator[str]:
    named = (
        ("total", "total_power_w", "W"),
        ("dynamic", "dynamic_power_w", "W"),
        ("static", "static_power_w", "W"),
        ("junction", "junction_temperature_c", "C"),
        ("theta-JA", "theta_ja_c_per_w", "C/W"),
        ("ambient", "ambient_temperature_c", "C"),
        ("max ambient", "max_ambient_temperature_c", "C"),
    )
    yield from _grid(["", "value", "unit"], [[name, result[key], unit] for name, key, unit in named])
    yield f"  confidence: {result['confidence_level'] or 'not said'}"
    for remark in result["power_remarks"]:
        yield f"  {remark}"


def _methodology(result: dict[str, Any]) -> Iterator[str]:
    rules = result["rules"]
    if not rules:
        yield "  no rule is violated"
        return
    yield from _grid(["rule", "severity", "violations"], [[rule["rule"], rule["severity"], rule["violations"]] for rule in rules])


def _percent(resource: dict[str, Any]) -> str:
    percent = resource["percent"]
    return "NA" if percent is None else ("<" if resource["percent_below"] else "") + str(percent)


def _grid(names: list[str], rows: list[list[Any]]) -> Iterator[str]:
    """Yield the lines of a table: words at the left, numbers at the right."""
    cells = [names, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    left = [all(isinstance(row[i], str) and not row[i][:1].isdigit() for row in rows) for i in range(len(names))]
    for row in cells:
        aligned = (
            text.ljust(width) if words else text.rjust(width) for text, width, words in zip(row, widths, left, strict=True)
        )
        yield ("  " + "  ".join(aligned)).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "NA"
    if isinstance(value, float):
        return str(value) if math.isinf(value) else f"{value:.3f}"
    return str(value)
