"""The bar shows returns and speed of a run, shards of a sweep, and a run that ends early as a whole one."""

import math

from neurorl.loggers import Progress
from neurorl.loggers.bar import Bar


def test_a_run_that_ends_early_is_shown_whole(job, point, capsys):
    bar = Bar()
    values = job.values | {"env_id": "X-v0", "loop": "jax", "agent_id": "random"}
    values["task"] = {"limited_by_us": True, "max_episode_steps": 7}
    bar.start(job._replace(values=values), 0)
    bar.progress(Progress("X-v0", 0, 80, "steps", 2, math.nan))
    bar.point(point(40))
    bar.progress(Progress("X-v0", 40, 40, "steps", 2, 1234.5))
    bar.close()
    shown = capsys.readouterr().err
    assert shown.startswith("X-v0: jax loop, random, 2 seeds x 80 steps\nepisodes are cut after 7 steps")
    assert shown.rstrip().endswith("train=40.5, greedy=40.5, steps/s=1,234]")
    assert "100%" in shown
    assert "40/40 steps" in shown


def test_a_sweep_is_shown_in_shards_and_says_lines_above(capsys):
    bar = Bar()
    bar.progress(Progress("sweep", 3, 9, "shards", 96, math.nan))
    bar.say("row 3: failed")
    bar.progress(Progress("sweep", 4, 9, "shards", 128, 1e6))
    bar.close()
    shown = capsys.readouterr().err
    assert "row 3: failed\n" in shown
    assert "4/9 shards" in shown
    assert "learners=128, steps/s=1,000,000" in shown
