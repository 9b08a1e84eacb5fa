"""``neurorl report FILE...``: read Vivado reports of timing, utilization, power, methodology and DRC."""

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

_Read = tuple[dict[str, Any], bool | None]  # what a report says, and whether timing is met; None where it does not tell


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "report",
        help="read Vivado reports",
        description="Read Vivado reports of timing, utilization, power, methodology and DRC. Exit 0 when text was read, whatever "
        "its verdict, and 1 when nothing could be.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a report, or a folder of them")
    parser.add_argument("--json", action="store_true", help="print JSON: an object, or a list for several files")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit 1 unless timing is met: also when it is not told, or a file that was named is no report",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    results: list[dict[str, Any]] = []
    read: dict[str, _Read] = {}  # each file that is a report
    failed = False  # whether a file that was named could not be read
    for argument in map(os.path.expanduser, arguments.files):  # a tilde in quotes is left to us by the shell
        here: dict[str, _Read] = {}
        files = 0
        for path, named in _files(argument):
            files += 1
            result, timing_met, message = _read(path)
            if result is not None:
                results.append(result)
                here[path] = read[path] = (result, timing_met)
                if not arguments.json:
                    print(_printable("\n".join(_lines(result)) + "\n", sys.stdout))
                continue
            _say(f"{path}: {message}")
            failed |= named
            if named:  # a folder may hold other files too
                results.append({"kind": None, "error": message, "file": path})
        if os.path.isdir(argument) and files and not arguments.json:
            print(_printable(_summary(argument, files, here) + "\n", sys.stdout))
    if arguments.json and (read or len(results) != 1):
        print(json.dumps(results if len(results) != 1 else results[0], indent=2))
    if not read and not results:
        _say("no report was found; give the files that Vivado wrote, or a folder that holds them")
    if arguments.strict and read:
        return _strict(read, failed)
    return 0 if read else 1


def _read(path: str) -> tuple[dict[str, Any] | None, bool | None, str]:
    """Return what a file says, whether its timing is met, and why it could not be read."""
    from neurorl.envs.fpga import reports

    try:
        metrics = reports.read(path)
        return reports.as_dict(metrics) | {"file": path}, metrics.timing_met, ""
    except FileNotFoundError:
        return None, None, "there is no such file or folder"
    except OSError as error:
        return None, None, error.strerror or str(error)
    except reports.ReportError as error:
        return None, None, str(error)
    except Exception as error:  # one file must not cost the others of its folder
        fault = f"{type(error).__name__}: {error}"
        return None, None, f"a fault of neurorl ({fault}) kept it from being read; please report it with the file"


def _say(text: str) -> None:
    sys.stderr.write(_printable(f"neurorl: {text}\n", sys.stderr))


def _summary(folder: str, files: int, read: dict[str, _Read]) -> str:
    """Return the line that says what a folder holds, and whether its timing is met."""
    counts = Counter(result["kind"] for result, _ in read.values())
    kinds = f" ({', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))})" if counts else ""
    partial = sum(result["partial"] for result, _ in read.values())
    also = f", {partial} partial" if partial else ""
    missed, untold = _missed(read), _untold(read)
    names = [os.path.relpath(path, folder) for path in missed or untold]
    where = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    told = f"not met in {where}" if missed else f"not told in {where}" if untold else "met" if _met(read) else "not told"
    return (
        f"{folder}: {files} file{'s' * (files != 1)}, {len(read)} report{'s' * (len(read) != 1)}{kinds}{also}; timing is {told}"
    )


def _strict(read: dict[str, _Read], failed: bool) -> int:
    """Return the exit status of a strict run, and say why it is 1."""
    for path in _missed(read):
        _say(f"{path}: timing is not met")
    for path in _untold(read):
        why = "it is partial" if read[path][0]["partial"] else "nothing in it is constrained"
        _say(f"{path}: whether timing is met is not told, for {why}")
    if failed:
        _say("a file that was named could not be read, so its timing is not known")
    if not (_met(read) or _missed(read) or _untold(read)):
        _say("no report tells whether timing is met; give one of report_timing_summary")
    return 0 if _met(read) and not (_missed(read) or _untold(read) or failed) else 1


def _met(read: dict[str, _Read]) -> list[str]:
    return [path for path, (_, met) in read.items() if met]


def _missed(read: dict[str, _Read]) -> list[str]:
    return [path for path, (_, met) in read.items() if met is False]


def _untold(read: dict[str, _Read]) -> list[str]:
    """Return the reports of timing that do not tell whether it is met."""
    return [path for path, (result, met) in read.items() if met is None and "wns_ns" in result]


def _files(argument: str) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it was named itself; what lies in a folder comes in the order of its name."""
    if not os.path.isdir(argument):
        yield argument, True
        return
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
        if result[f"worst_{check}"]:
            yield from _worst(f"worst {check}", result[f"worst_{check}"])
    found = [f"{check['name']} {check['count']}" for check in result["checks"] if check["count"]]
    if found:
        yield f"  check_timing: {', '.join(found)}"


def _worst(title: str, worst: dict[str, Any]) -> Iterator[str]:
    path = worst["path"]
    if path is None and worst["clock"] is None:
        return
    yield f"  {title}: {_cell(worst['slack_ns'])} ns, {worst['kind'] or 'no'} clock group {worst['clock'] or ''}".rstrip()
    if path is None:
        return
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
    rules, found = result["rules"], result["violations_found"]
    if rules:
        yield from _grid(["rule", "severity", "violations"], [[r["rule"], r["severity"], r["violations"]] for r in rules])
    elif found:
        yield f"  {found} violations, of rules that the text does not name"
    elif found is None:
        yield "  the text does not say how many rules are violated"
    else:
        yield "  no rule is violated"


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
