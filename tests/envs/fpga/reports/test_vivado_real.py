"""Real reports, which are not part of the repository: every value of their index.

The folder is NEURORL_VIVADO_REPORTS, or else ``shared/data/vivado`` beside the repository.
"""

import csv
import math
import os
import random
import warnings
from pathlib import Path

import pytest

from neurorl.envs.fpga import reports
from tests.envs.fpga.reports.test_vivado_damage import check_cut, read

FOLDER = Path(os.environ.get("NEURORL_VIVADO_REPORTS") or Path(__file__).parents[5] / "shared" / "data" / "vivado")
INDEX = FOLDER / "index.csv"
ROWS = list(csv.DictReader(INDEX.open(encoding="utf-8"))) if INDEX.is_file() else []
pytestmark = pytest.mark.skipif(
    not ROWS, reason=f"0 real Vivado reports read: no index.csv in {FOLDER.name}, see NEURORL_VIVADO_REPORTS"
)

HEADER = {"kind": "kind", "vivado": "vivado", "device": "device", "speed": "speed_file", "design_state": "design_state"}
SUMMARY = {f"{name}": f"{name.lower()}_ns" for name in ("WNS", "TNS", "WHS", "THS", "WPWS", "TPWS")}
ENDPOINTS = {
    f"{name}_{what}": f"{name.lower()}_{what}_endpoints" for name in ("TNS", "THS", "TPWS") for what in ("failing", "total")
}
WORST = {"worst_kind": "kind", "worst_clock": "clock", "worst_period_ns": "period_ns"}
PATH = {
    "worst_req_ns": "requirement_ns",
    "worst_dpd_ns": "data_path_delay_ns",
    "worst_logic_ns": "logic_ns",
    "worst_levels": "logic_levels",
    "worst_path_type": "path_type",
}
RESOURCES = {"LUT": "lut", "FF": "ff", "BRAM": "bram", "DSP": "dsp"}
POWER = {
    "P_total_W": "total_power_w",
    "P_dyn_W": "dynamic_power_w",
    "P_static_W": "static_power_w",
    "Tj_C": "junction_temperature_c",
    "ThetaJA": "theta_ja_c_per_w",
    "max_ambient_C": "max_ambient_temperature_c",
}


def expected(row):
    """Yield the name of each value of a row of the index that stands in its file, what it is, and where it is found."""
    for column, key in HEADER.items():
        yield column, row[column], lambda d, key=key: d[key]
    if row["kind"] in ("timing", "excerpt"):
        for column, key in (SUMMARY | ENDPOINTS | {"verdict": "verdict"}).items():
            yield column, row[column], lambda d, key=key: d[key]
        yield "n_clocks", row["n_clocks"], lambda d: len(d["clocks"])
        for column, key in WORST.items():
            yield column, row[column], lambda d, key=key: d["worst_setup"][key]
        for column, key in PATH.items():
            yield column, row[column], lambda d, key=key: d["worst_setup"]["path"][key]
    if row["kind"] in ("utilization", "excerpt"):
        for name, key in RESOURCES.items():
            for suffix, field in (("used", "used"), ("avail", "available"), ("pct", "percent")):
                yield f"{name}_{suffix}", row[f"{name}_{suffix}"], lambda d, key=key, field=field: d[key][field]
    if row["kind"] == "power":
        for column, key in POWER.items():
            yield column, row[column], lambda d, key=key: d[key]


def agrees(said, found):
    """Return whether ``found`` is what the index says in words."""
    if said == "NA":
        return found is None
    if isinstance(found, str):
        return found == said
    number = said.split(" ")[0].rstrip("*").lstrip("<")
    return found is not None and (found == math.inf if number == "inf" else math.isclose(found, float(number), abs_tol=1e-9))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"].split("_")[0])
def test_every_value_of_the_index(row):
    metrics = reports.read(FOLDER / row["file"])
    assert not metrics.partial
    found = reports.as_dict(metrics)
    for column, said, where in expected(row):
        if said:
            assert agrees(said, where(found)), f"{column} is {said}"
    if row["worst_logic_frac"]:
        assert metrics.timing.worst_setup.path.logic_share == pytest.approx(float(row["worst_logic_frac"]), abs=6e-4)
    if row["kind"] == "methodology":
        told = {(r.rule, r.severity, r.violations) for r in metrics.methodology.rules}
        for rule in filter(None, row["notes"].removeprefix("rules:").strip().split(", ")):
            name, _, rest = rule.partition("(")
            severity, _, count = rest.partition(")x")
            assert (name, severity, int(count)) in told


def test_how_many_were_read():
    values = sum(bool(said) for row in ROWS for _, said, _ in expected(row))
    assert len(ROWS) >= 1
    assert values > 10 * len(ROWS)
    warnings.warn(f"{len(ROWS)} real Vivado reports were read and {values} values of their index met", stacklevel=1)


def test_the_comparison_tells_missing_from_zero():
    assert not agrees("NA", 0)
    assert not agrees("0.000", None)
    assert not agrees("inf", 0.0)
    assert agrees("<0.01", 0.01)


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if int(row["bytes"]) < 400_000], ids=lambda row: row["file"].split("_")[0])
def test_real_reports_cut_anywhere(row):
    text = (FOLDER / row["file"]).read_text(encoding="utf-8", errors="replace")
    whole = read(text)
    rng = random.Random(row["file"])
    for _ in range(20):
        check_cut(text, whole, rng.randrange(len(text)))
