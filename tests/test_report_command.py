import json
import subprocess
import sys
from pathlib import Path

import pytest

from neurorl import cli

WRITTEN = Path(__file__).parent / "envs" / "fpga" / "reports" / "written"
NAMES = sorted(file.name for file in WRITTEN.iterdir())


def run(capsys, *arguments):
    status = cli.main(["report", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_table_for_people(capsys):
    status, out, err = run(capsys, WRITTEN / "timing.rpt")
    assert (status, err) == (0, "")
    assert "setup          -0.412    -1.730        6       2400" in out
    assert "verdict: not met" in out
    assert "worst setup: -0.412 ns, inter clock group fast->core" in out


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_has_a_table_and_an_object(capsys, name):
    status, out, _ = run(capsys, WRITTEN / name)
    assert status == 0
    assert out.startswith(str(WRITTEN / name))
    status, out, _ = run(capsys, WRITTEN / name, "--json")
    assert status == 0
    found = json.loads(out)
    assert next(iter(found)) == "kind"
    assert found["file"] == str(WRITTEN / name)


def test_json_of_one_file_is_an_object_whose_first_keys_are_fixed(capsys):
    _, out, _ = run(capsys, WRITTEN / "timing.rpt", "--json")
    found = json.loads(out)
    assert list(found)[:7] == ["kind", "wns_ns", "tns_ns", "whs_ns", "ths_ns", "wpws_ns", "tpws_ns"]
    assert found["clocks"][0]["wns_ns"] is None
    assert '"wns_ns": Infinity' in out
    assert '"wns_ns": null' in out
    assert found["worst_setup"]["path"]["logic_levels"] == 2


def test_a_folder_and_several_files_are_a_list(capsys, tmp_path):
    status, out, err = run(capsys, WRITTEN, "--json")
    assert status == 0
    assert [Path(found["file"]).name for found in json.loads(out)] == NAMES
    assert err == ""
    (tmp_path / "notes.txt").write_text("no report\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "power.rpt").write_text((WRITTEN / "power.rpt").read_text())
    status, out, err = run(capsys, tmp_path, "--json")
    assert (status, json.loads(out)["total_power_w"]) == (0, 9.531), "other files of a folder are passed over"
    assert "notes.txt: line 1: nothing in this text is from a Vivado report" in err
    status, out, err = run(capsys, tmp_path / "notes.txt", WRITTEN / "power.rpt", "--json")
    assert status == 0
    assert [found["kind"] for found in json.loads(out)] == [None, "power"], "a file that was named keeps its place"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such file or folder"),
        (b"", "line 1: the text is empty"),
        (b"\0\1\2" * 1000, "line 1: this is binary data"),
        (b"hello\n", "line 1: nothing in this text is from a Vivado report"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_exit_1_and_one_sentence_when_nothing_could_be_read(capsys, tmp_path, content, says, flags):
    file = tmp_path / "file.rpt"
    if content is not None:
        file.write_bytes(content)
    status, out, err = run(capsys, file, *flags)
    assert (status, out) == (1, "")
    assert says in err
    assert err.count("\n") == 1


def test_an_empty_folder(capsys, tmp_path):
    status, _, err = run(capsys, tmp_path)
    assert status == 1
    assert "no report was found" in err


def test_a_cut_report_is_read_and_said_to_be_partial(capsys, tmp_path):
    file = tmp_path / "cut.rpt"
    file.write_text((WRITTEN / "timing.rpt").read_text()[:6000])
    status, out, _ = run(capsys, file)
    assert status == 0
    assert "partial: something is missing" in out


SLACKS = """Design Timing Summary

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
    -------      -------  ---------------------  -------------------
    {:>7}        0.000                      {}                   40

"""
FILES = {
    "met": SLACKS.format("0.250", 0),
    "missed": SLACKS.format("-0.250", 3),
    "unconstrained": SLACKS.format("inf", 0) + "There are no user specified timing constraints.\n",
    "partial": SLACKS.format("0.250", 0) + "a line\n\n" + SLACKS.format("0.500", 0),
    "power": (WRITTEN / "power.rpt").read_text(),
    "notes": "no report\n",
}


@pytest.fixture
def files(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "status", "says"),
    [
        (["met"], 0, ""),
        (["met", "power"], 0, ""),
        (["missed"], 1, "missed: timing is not met"),
        (["met", "missed"], 1, "missed: timing is not met"),
        (["power"], 1, "no report tells whether timing is met"),
        (["unconstrained"], 1, "unconstrained: whether timing is met is not told, for nothing in it is constrained"),
        (["met", "unconstrained"], 1, "for nothing in it is constrained"),
        (["partial"], 1, "partial: whether timing is met is not told, for it is partial"),
        (["met", "notes"], 1, "a file that was named could not be read"),
        (["met", "absent"], 1, "a file that was named could not be read"),
        (["notes"], 1, "nothing in this text is from a Vivado report"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_strict(capsys, files, names, status, says, flags):
    found, _, err = run(capsys, *(files / name for name in names), "--strict", *flags)
    assert found == status
    assert says in err
    lax, _, _ = run(capsys, *(files / name for name in names), *flags)
    assert lax == (1 if names == ["notes"] else 0), "without --strict the verdict does not matter"


def test_strict_passes_over_other_files_of_a_folder(capsys, files):
    for name in ("missed", "unconstrained", "partial"):
        (files / name).unlink()
    assert run(capsys, files, "--strict")[0] == 0


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (FILES, "6 files, 5 reports (4 excerpt, 1 power), 1 partial; timing is not met in missed"),
        (["met", "power", "notes"], "3 files, 2 reports (1 excerpt, 1 power); timing is met"),
        (["met", "partial"], "2 files, 2 reports (2 excerpt), 1 partial; timing is not told in partial"),
        (["power"], "1 file, 1 report (1 power); timing is not told"),
        (["notes"], "1 file, 0 reports; timing is not told"),
    ],
)
def test_the_last_line_of_a_folder_says_what_it_holds(capsys, files, names, says):
    for name in set(FILES) - set(names):
        (files / name).unlink()
    _, out, _ = run(capsys, files)
    assert out.rstrip("\n").split("\n")[-1] == f"{files}: {says}"
    if set(names) != {"notes"}:
        _, out, _ = run(capsys, files, "--json")
        json.loads(out)


def test_a_long_list_of_files_that_miss_is_cut(capsys, tmp_path):
    for i in range(8):
        (tmp_path / f"{i}.rpt").write_text(FILES["missed"])
    _, out, _ = run(capsys, tmp_path)
    assert out.rstrip().endswith("timing is not met in 0.rpt, 1.rpt, 2.rpt, 3.rpt, 4.rpt, ...")


def test_a_tilde_that_the_shell_left_is_the_home(capsys, files, monkeypatch):
    monkeypatch.setenv("HOME", str(files))
    status, out, _ = run(capsys, "~/power")
    assert status == 0
    assert out.startswith(f"{files}/power: power")
    (files / "inner").mkdir()
    (files / "inner" / "met").write_text(FILES["met"])
    status, out, _ = run(capsys, "~/inner", "--json")
    assert (status, json.loads(out)["wns_ns"]) == (0, 0.25)


def test_one_file_that_is_beyond_the_reader_does_not_cost_the_others(capsys, files, monkeypatch):
    from neurorl.envs.fpga import reports

    read = reports.read
    monkeypatch.setattr(reports, "read", lambda path: {}["no such key"] if str(path).endswith("met") else read(path))
    status, out, err = run(capsys, files)
    assert status == 0
    assert "total" in out
    assert "a fault of neurorl (KeyError: 'no such key') kept it from being read" in err


def test_the_command_needs_no_jax():
    code = "import sys; from neurorl import cli; cli.main(sys.argv[1:]); assert 'jax' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code, "report", str(WRITTEN / "power.rpt")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
