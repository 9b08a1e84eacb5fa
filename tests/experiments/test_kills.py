"""Runs and sweeps that are killed at random moments lose nothing that is promised; and what is lost would be seen."""

import pytest

from experiments import kills


@pytest.mark.slow
def test_the_quick_form_kills_and_loses_nothing(tmp_path):
    table = kills.main(["--quick", "--out", str(tmp_path / "victims"), "--results", str(tmp_path)])
    assert table["total"] == 7
    assert table["different"] == []
    assert table["promises_broken"] == []
    assert (tmp_path / "kills.json").is_file()


def test_what_is_lost_is_seen(tmp_path):
    for name in ("whole", "killed"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "training.parquet").write_bytes(b"curve")
        (tmp_path / name / "summary.json").write_text(f'{{"final_return": 1.0, "compile_seconds": {len(name)}}}')
        (tmp_path / name / "timing.json").write_text(name)
    assert kills.compare(tmp_path / "whole", tmp_path / "killed") == []
    (tmp_path / "killed/training.parquet").write_bytes(b"curse")
    (tmp_path / "killed/summary.json").unlink()
    assert kills.compare(tmp_path / "whole", tmp_path / "killed") == ["summary.json", "training.parquet"]
    assert kills.lost_steps({"must_go_on_from": 800}, 400)
    assert not kills.lost_steps({"must_go_on_from": 800}, -1), "it was complete"
    assert kills.lost_shards({"there": {"rows0.parquet": 1}}, {"rows0.parquet": 2})
    assert kills.wrong_end(1, "SIGKILL", "Traceback")
    assert not kills.wrong_end(143, "SIGTERM", "")
