"""What a report says as single facts, and on which lines of it each stands: found in the text itself, not by the reader."""

import functools
import itertools
import math
import re

_HEADER = ("tool_version", "date", "host", "command", "design", "device", "speed_file", "temperature_grade", "design_state")
_SLACKS = [f"{name}_ns" for name in ("wns", "tns", "whs", "ths", "wpws", "tpws")] + [
    f"{name}_{what}_endpoints" for name in ("tns", "ths", "tpws") for what in ("failing", "total")
]
_VERDICTS = {"met": "constraints are met", "not_met": "are not met", "no_constraints": "no user specified timing constraints"}
_RESOURCE = ("used", "fixed", "prohibited", "available", "percent")
_COMPONENT = ("power_w", "used", "available", "percent")
_RAIL = ("voltage_v", "total_a", "dynamic_a", "static_a")
_POWER = {
    "total_power_w": "Total On-Chip Power (W)",
    "dynamic_power_w": "Dynamic (W)",
    "static_power_w": "Device Static (W)",
    "theta_ja_c_per_w": "Effective TJA (C/W)",
    "max_ambient_temperature_c": "Max Ambient (C)",
    "junction_temperature_c": "Junction Temperature (C)",
    "ambient_temperature_c": "Ambient Temp (C)",
    "theta_ja_setting_c_per_w": "ThetaJA (C/W)",
    "confidence_level": "Confidence Level",
}


def plain(value):
    """Return a value without what a text may lose and say the same: case, and how many spaces there are."""
    if isinstance(value, str):
        return _word(value)
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


@functools.lru_cache(10_000)
def _word(text):
    return " ".join(text.split()).casefold()


def facts(said):
    """Yield each fact of an object that a report gave: what it is about, what it says, and the words that stand beside it."""

    def of(kind, record, names, about, beside=()):
        for name in names:
            if record.get(name) is not None:
                yield plain((kind, *about, name)), plain(record[name]), (*about, *beside)

    yield from of("header", said, _HEADER, ())
    yield from of("design", said, _SLACKS, ())
    if said.get("verdict"):
        yield ("verdict",), said["verdict"], (_VERDICTS[said["verdict"]],)
    for clock in said.get("clocks", ()):
        yield from of("clock", clock, ("period_ns", "frequency_mhz", "waveform_ns"), (clock["name"],))
    for group in said.get("groups", ()):
        ends = (group["name"], group["from_clock"], group["to_clock"])
        yield from of("group", group, _SLACKS, (group["kind"], *ends))
    for untimed in said.get("untimed", ()):
        ends = (untimed["kind"], untimed["name"], untimed["from_clock"], untimed["to_clock"])
        yield plain(("untimed", *ends)), True, ends[1:]
    for path in said.get("paths", ()):
        names = [name for name, value in path.items() if isinstance(value, int | float | str) and name not in ("line", "check")]
        yield from of("path", path, names, (path["check"], path["source"], path["destination"]))
    for pulse in said.get("pulse_widths", ()):
        names = ("slack_ns", "required_ns", "actual_ns", "corner", "lib_pin", "location", "pin")
        yield from of("pulse", pulse, names, (pulse["clock"], pulse["check"]))
    for check in said.get("checks", ()):
        yield from of("check", check, ("count",), (check["name"],))
        for finding in check["findings"]:
            yield from of("finding", finding, ("count", "severity"), (check["name"], finding["text"]))
    for name, value in said.get("settings", {}).items():
        yield plain(("setting", name)), plain(value), (name,)
    for rule in said.get("rules", ()):
        yield from of("rule", rule, ("severity", "violations"), (rule["rule"],))
    yield from of("found", said, ("violations_found",), ())
    for row in said.get("resources", ()):
        yield from of("resource", row, _RESOURCE, (row["name"],))
    for row in said.get("instances", ()):
        for name, value in itertools.chain(row["used"].items(), ((f"{name} %", value) for name, value in row["percent"].items())):
            if value is not None:
                yield plain(("instance", row["name"], name)), value, (row["name"],)
    yield from of("power", said, _POWER, ())
    for part in ("components", "power_hierarchy"):
        for row in said.get(part, ()):
            yield from of(part, row, _COMPONENT, (row["name"],))
    for row in said.get("rails", ()):
        yield from of("rail", row, _RAIL, (row["name"],))


def table(said):
    """Return what an object says: for each thing, all values that it gives for it."""
    result = {}
    for about, value, _ in facts(said):
        result.setdefault(about, set()).add(value)
    return result


_MARKS = re.compile(r"[|{}()%:=<>,*]|ns\b|\s|\x1b\[[0-9;]*m", re.IGNORECASE)


def numbers(text):
    """Return the numbers in a text."""
    found = set()
    for word in set(_MARKS.split(text)) - {""}:
        try:
            found.add(float(word))
        except ValueError:
            continue
    return found


def _holds(line, value):
    """Return whether a value stands on a line."""
    if isinstance(value, tuple):
        return all(_holds(line, each) for each in value)
    if isinstance(value, str):
        return value in plain(line)
    return value is True or float(value) in numbers(line) or (math.isinf(value) and "inf" in line)


_SECTIONS = {
    ("design",): "Design Timing Summary",
    ("clock",): "Clock Summary",
    ("group", "intra"): "Intra Clock Table",
    ("group", "inter"): "Inter Clock Table",
    ("group", "other"): "Other Path Groups Table",
    ("untimed", "ignored"): "User Ignored Path Table",
    ("untimed", "unconstrained"): "Unconstrained Path Table",
}
_LABELS = {
    "path_group": "Path Group:",
    "path_type": "Path Type:",
    "requirement_ns": "Requirement:",
    "requirement_edges": "Requirement:",
    "logic_levels": "Logic Levels:",
    "clock_path_skew_ns": "Clock Path Skew:",
    "destination_clock_delay_ns": "(DCD):",
    "source_clock_delay_ns": "(SCD):",
    "clock_pessimism_removal_ns": "(CPR):",
    "clock_uncertainty_ns": "Clock Uncertainty:",
    "total_system_jitter_ns": "(TSJ):",
    "total_input_jitter_ns": "(TIJ):",
    "discrete_jitter_ns": "(DJ):",
    "phase_error_ns": "(PE):",
    "timing_exception": "Timing Exception:",
} | dict.fromkeys(("data_path_delay_ns", "logic_ns", "logic_percent", "route_ns", "route_percent"), "Data Path Delay:")


def whereabouts(text, said):
    """Return, for each thing that a text says, its values, each with the lines on which it stands together with its name."""
    lines = text.split("\n")
    result = {}

    def add(about, value, *at):
        result.setdefault(plain(about), []).append((plain(value), frozenset(at)))

    def first(start, *words):
        return next(i for i in range(start, len(lines)) if all(word.casefold() in plain(lines[i]) for word in words))

    rows = {}
    for about, value, _ in facts(said):
        if about[0] not in ("path", "pulse", "check", "finding", "header", "setting", "verdict", "found", "power"):
            rows.setdefault(about if about[0] == "untimed" else about[:-1], []).append((about, value))
    for row, of in rows.items():
        section = _SECTIONS.get(row[:1]) or _SECTIONS.get(row[:2])
        start = next((i for i, line in enumerate(lines) if section and f"| {section}" == line), 0)
        names = [name for name in row[2 if row[0] in ("group", "untimed") else 1 :] if name]
        # The row "Total" is not the row "Total On-Chip Power (W)", which may hold the same value.
        cell = f"| {names[0]} |" if names else "|"
        held = [value for about, value in of if value is not True]
        at = next(
            i
            for i in range(start, len(lines))
            if all(name in plain(lines[i]) for name in names) and all(map(_holds, [lines[i]] * len(held), held))
            if not lines[i].startswith("|") or plain(lines[i]).startswith(cell)
        )
        # Whether paths are ignored or unconstrained stands in the heading alone, and three words are known as a row only by it.
        beside = [start] if row[0] == "untimed" else []
        for about, value in of:
            add(about, value, at, *beside)
    for about, value, _ in facts(said):
        if about[0] == "header":
            add(about, value, first(0, "| " + about[1].replace("_", " "), value))
        elif about[0] == "setting":
            add(about, value, first(0, about[1], value))
        elif about[0] == "verdict":
            add(about, value, first(0, _VERDICTS[value]))
        elif about[0] == "found":
            add(about, value, first(0, "found:"))
        elif about[0] == "power":
            add(about, value, first(0, f"| {_POWER[about[-1]]}"))
    for check in said.get("checks", ()):
        at = first(first(0, f"checking {check['name']} ") + 1, f"checking {check['name']} ")
        add(("check", check["name"], "count"), check["count"], at)
        for finding in check["findings"]:
            for name in ("count", "severity"):
                if finding[name] is not None:
                    add(("finding", check["name"], finding["text"], name), finding[name], at, first(at, finding["text"]))
    for pulse in said.get("pulse_widths", ()):
        clock = next(i for i, line in enumerate(lines) if plain(line) == plain(f"Clock Name: {pulse['clock']}"))
        at = first(clock, pulse["check"], f" {pulse['slack_ns']:.3f} ")
        for about, value, _ in facts({"pulse_widths": [pulse]}):
            add(about, value, clock, at)
    for path in said.get("paths", ()):
        slack = path["line"] - 1
        source, destination = first(slack, "Source:"), first(slack, "Destination:")
        for about, value, _ in facts({"paths": [path]}):
            name = about[-1]
            if name in ("source_detail", "from_clock"):
                at = source + 1
            elif name in ("destination_detail", "to_clock", "to_period_ns"):
                at = destination + 1
            elif name in ("arrival_ns", "required_ns"):  # at the foot
                at = next(i for i in range(destination, len(lines)) if lines[i].strip().startswith(f"{name[:-3]} time "))
            else:
                at = first(slack, plain(_LABELS[name])) if name in _LABELS else slack
            add(about, value, slack, source, destination, at)
    return result


_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def unheld(given, text):
    """Yield the facts of which a text does not hold the value. Counts that are sums of what it lists are left out."""
    text = _CONTROL.sub("\ufffd", _COLOUR.sub("", text).replace("\u200b", "").replace("\ufeff", ""))
    held = {abs(number) for number in numbers(text)}
    words = plain(text)
    for about, values in given.items():
        for value in values:
            if about[0] in ("check", "rule") and about[-1] in ("count", "violations"):
                continue
            if about == ("verdict",):
                there = _VERDICTS[value] in words
            elif value is True:
                there = all(name in words for name in about[2:] if name)
            else:
                parts = value if isinstance(value, tuple) else (value,)
                there = all(part in words if isinstance(part, str) else abs(part) in held for part in parts)
            if not there:
                yield about, value
