import json
import os
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import cli

TINY = ["--seeds", "2", "--steps", "200", "--eval-every", "100", "--set", "eval_episodes=2", "--quiet"]


def run(capsys, *arguments):
    """Run a command; return its exit status, standard output and standard error."""
    try:
        status = cli.main([str(a) for a in arguments])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "run"
    assert cli.main(["train", "CartPole-v1", *TINY, "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "CartPol-v1"], "did you mean 'CartPole-v1'"),
        (["train", "nomodule:X-v0"], "module 'nomodule' cannot be imported"),
        (["train", "CartPole-v1", "--agent", "spiking-actor-crtic"], "did you mean 'spiking-actor-critic'"),
        (["train", "CartPole-v1", "--set", "gama=0.9"], "did you mean 'gamma'"),
        (["train", "CartPole-v1", "--set", "gamma=2"], "'agent.gamma' is 2.0; it must be at most 1.0"),
        (["train", "CartPole-v1", "--set", "gamma=fast"], "'agent.gamma' must be a finite number"),
        (["train", "CartPole-v1", "--set", "learning_rate=1"], "ambiguous; use one of agent.actor.learning_rate"),
        (["train", "CartPole-v1", "--set", "gamma"], "write key=value"),
        (["train", "CartPole-v1", "--set", "actor.rule=stpd"], "'agent.actor.rule' is 'stpd'"),
        (["train", "CartPole-v1", "--set", "env.lenght=1"], "did you mean"),
        (["train", "CartPole-v1", "--seeds", "0"], "'seeds' is 0; it must be at least 1"),
        (["train", "CartPole-v1", "--steps", "-5"], "'steps' is -5"),
        (["train", "CartPole-v1", "--loop", "jex"], "did you mean 'jax'"),
        (["train", "FrozenLake-v1", "--loop", "jax"], "has no JAX version"),
        (["train", "Catch-bsuite", "--loop", "host"], "exists only in JAX"),
        (["train", "CartPole-v1", "--set", "code.kind=spase"], "did you mean 'sparse'"),
        (["train", "CartPole-v1", "--set", "code.kind=one-hot"], "does not encode observations of Box"),
        (["train", f"{__name__}:Letters-v0"], "observations of Text are not supported"),
        (["train", f"{__name__}:Drawing-v0"], "actions of Graph are not supported"),
        (["trian", "CartPole-v1"], "did you mean 'train'"),
        (["evaluate", "nowhere"], "there is no folder 'nowhere'"),
        (["resume", "nowhere"], "there is no folder 'nowhere'"),
        (["plot", "nowhere"], "there is no folder 'nowhere'"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing_behind(capsys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert status not in (0, None)
    assert says in err
    assert err.count("\n") == 1
    assert not out
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_any_unique_end_of_its_path(capsys, tmp_path):
    settings = ["--set", "gamma=0.9", "--set", "dopamine.gain=0.5", "--set", "env.length=0.7"]
    assert run(capsys, "train", "CartPole-v1", *TINY, *settings, "--out", tmp_path / "run")[0] == 0
    values = json.loads((tmp_path / "run/config.json").read_text())
    assert values["agent"]["gamma"] == 0.9
    assert values["agent"]["modulation"]["dopamine"]["gain"] == 0.5
    assert values["env"]["length"] == 0.7
    assert values["env"]["polemass_length"] == pytest.approx(0.07), "the derived parameter follows"


def test_an_existing_folder_is_refused_and_overwritten_only_when_it_is_a_run(capsys, trained, tmp_path):
    before = (trained / "evaluation.parquet").read_bytes()
    status, _, err = run(capsys, "train", "CartPole-v1", *TINY, "--out", trained)
    assert status == 1
    assert "--overwrite" in err
    assert (trained / "evaluation.parquet").read_bytes() == before
    (tmp_path / "thesis.tex").write_text("years of work")
    status, _, err = run(capsys, "train", "CartPole-v1", *TINY, "--out", tmp_path, "--overwrite")
    assert status == 1
    assert "is not a run" in err
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_evaluate_plays_gymnasiums_own_environment(capsys, trained):
    status, out, _ = run(capsys, "evaluate", trained, "--json", "--episodes", "3")
    result = json.loads(out)
    assert status == 0
    assert result["environment"] == "gymnasium"
    assert np.shape(result["returns"]) == (2, 3)
    assert result["mean_return"] == [np.mean(row) for row in result["returns"]]
    status, out, _ = run(capsys, "evaluate", trained, "--seed-index", "1", "--episodes", "3", "--json")
    assert json.loads(out)["returns"] == [result["returns"][1]]


def test_evaluate_refuses_bad_numbers(capsys, trained):
    assert "out of range" in run(capsys, "evaluate", trained, "--seed-index", "9")[2]
    assert "must end in .mp4" in run(capsys, "evaluate", trained, "--video", "film.avi")[2]
    assert "'episodes' is 0" in run(capsys, "evaluate", trained, "--episodes", "0")[2]


def test_evaluate_plays_in_a_changed_environment(capsys, trained):
    status, out, _ = run(capsys, "evaluate", trained, "--episodes", "3", "--set", "env.force_mag=0.01", "--json")
    assert status == 0
    assert json.loads(out)["settings"] == {"env.force_mag": 0.01}
    assert "'gamma' is no parameter of the environment" in run(capsys, "evaluate", trained, "--set", "gamma=0.5")[2]
    assert "leave out --render" in run(capsys, "evaluate", trained, "--render", "--set", "env.length=1.0")[2]


def test_render_without_a_display_offers_a_film(capsys, trained, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    status, _, err = run(capsys, "evaluate", trained, "--render")
    assert status == 1
    assert "--video" in err


@pytest.mark.slow
def test_a_film_is_written(capsys, trained, tmp_path):
    pytest.importorskip("moviepy")
    pytest.importorskip("pygame")
    status, _, err = run(capsys, "evaluate", trained, "--video", tmp_path / "film.mp4")
    assert status == 0, err
    assert (tmp_path / "film.mp4").stat().st_size > 1000


def test_resume_of_a_finished_run_says_so(capsys, trained):
    status, out, _ = run(capsys, "resume", trained)
    assert status == 0
    assert "complete" in out


def test_plot_draws_one_run_or_several(capsys, trained, tmp_path):
    assert run(capsys, "plot", trained, "--out", tmp_path / "one.png")[0] == 0
    assert run(capsys, "plot", trained, trained, "--out", tmp_path / "two.png")[0] == 0
    assert (tmp_path / "one.png").stat().st_size > 10_000
    assert (tmp_path / "two.png").stat().st_size > 10_000


def test_list_shows_names_and_keys(capsys):
    _, out, _ = run(capsys, "list")
    assert "spiking-actor-critic" in out
    assert "Catch-bsuite" in out
    assert "brax/: robots" in out
    assert "ALE/: Atari games" in out
    _, out, _ = run(capsys, "list", "CartPole-v1")
    assert "agent.gamma" in out
    assert "env.length" in out


def test_version(capsys):
    assert run(capsys, "--version")[1].startswith("neurorl ")


def test_tensorboard_logs_are_written(capsys, tmp_path):
    pytest.importorskip("tensorboardX")
    assert run(capsys, "train", "CartPole-v1", *TINY, "--log", "tensorboard", "--out", tmp_path / "run")[0] == 0
    assert len(list((tmp_path / "run/tensorboard").rglob("events*"))) == 3


class Letters(gymnasium.Env):
    observation_space, action_space = spaces.Text(5), spaces.Discrete(2)


class Drawing(gymnasium.Env):
    observation_space, action_space = spaces.Discrete(2), spaces.Graph(spaces.Discrete(2), None)


gymnasium.register("Letters-v0", Letters)
gymnasium.register("Drawing-v0", Drawing)


class Broken(gymnasium.Env):
    observation_space = spaces.Box(-1.0, 1.0, (2,))
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.array([np.nan, 0.0], np.float32), 0.0, False, False, {}


def test_an_environment_that_returns_nan_is_named(capsys, tmp_path):
    gymnasium.register("Broken-v0", entry_point=Broken)
    status, _, err = run(capsys, "train", "Broken-v0", *TINY, "--out", tmp_path / "run")
    assert status == 1
    assert "'Broken-v0' returned nan as observation; give a finite number" in err


def test_a_missing_time_limit_is_supplied_and_said(capsys, tmp_path):
    gymnasium.register("Endless-v0", entry_point=Endless)
    loud = [a for a in TINY if a != "--quiet"]
    status, _, err = run(capsys, "train", "Endless-v0", *loud, "--max-episode-steps", "7", "--out", tmp_path / "run")
    assert status == 0
    assert "episodes are cut after 7 steps, which counts as truncation" in err
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["max_episode_steps"] == 7
    assert summary["final_return"] == [7.0, 7.0]


class Endless(Broken):
    observation_space = spaces.Discrete(3, start=5)
    action_space = spaces.Discrete(2, start=1)

    def reset(self, *, seed=None, options=None):
        super(Broken, self).reset(seed=seed)
        return 5, {}

    def step(self, action):
        assert self.action_space.contains(int(action))
        return 6, 1.0, False, False, {}


def test_import_is_light_and_works_beside_a_users_own_envs_and_agents(tmp_path):
    for name in ("envs", "agents"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('a stranger was imported')")
    code = "import gymnasium, neurorl, sys; assert 'jax' not in sys.modules; import neurorl.envs, neurorl.agents"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=environment)
