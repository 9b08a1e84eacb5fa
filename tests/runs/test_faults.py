"""What goes wrong outside of the library: a full disk, an environment or an agent that is gone, rewards of another shape."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct
from gymnasium import spaces

import neurorl
from neurorl import cli
from neurorl.agents.contract import Agent
from neurorl.errors import NeurorlError
from neurorl.parameters import parameter
from neurorl.results.compare import compare, markdown
from neurorl.runs import checkpoints, config, session

TINY = {"seeds": 2, "steps": 60, "eval_every": 20, "log_every": 20, "checkpoint_every": 20, "eval_episodes": 1}
FILES = ("training.parquet", "evaluation.parquet")


class Peak(gymnasium.Env):
    """Rewards are arrays of shape (1,)."""

    observation_space = spaces.Box(0, 3, (3,), np.float64)
    action_space = spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return np.zeros(3), {}

    def step(self, action):
        self.t += 1
        return np.zeros(3), np.array([-1.5]), self.t == 5, False, {}


@struct.dataclass
class Notebook(Agent):
    """An agent of a session that has ended."""

    actions: int = parameter(2, "number of actions", low=1, static=True)

    def init(self, key):
        return jnp.zeros(1)

    def learn(self, state, timestep, key):
        return state + 1, jnp.int32(0)

    def act(self, state, activity, observation, key):
        return activity, jnp.int32(0)


@pytest.fixture
def forgotten(tmp_path):
    """The folder of a finished run whose environment and agent cannot be made again from their names."""
    run = neurorl.train(lambda: Peak(), Notebook, out=tmp_path / "forgotten", **TINY)
    values = json.loads(run.folder.config.read_text())
    values |= {"agent_id": "gone_module:Notebook", "env_id": "Gone-v0"}
    values["task"]["source"] = None
    run.folder.config.write_text(json.dumps(values))
    return run.path


@pytest.mark.usefixtures("spikes_are_drawn")
def test_rewards_of_shape_one_give_a_complete_run(tmp_path):
    run = neurorl.train(Peak, out=tmp_path / "run", settings={"critic.neurons": 1}, **TINY)
    assert run.summary["final_return"] == [-7.5, -7.5]
    assert run.folder.spikes.is_file()


def test_results_are_read_without_the_environment_and_the_agent(forgotten, tmp_path, capsys, finished_run):
    run = neurorl.load(forgotten)
    assert run.summary["final_return"] == [-7.5, -7.5]
    assert set(run.evaluation.eval_return) == {-7.5}
    assert len(run.training) == 6
    assert run.plot(tmp_path / "one.png").is_file()
    assert "forgotten" in markdown(compare([run, finished_run]))
    assert cli.main(["plot", str(forgotten), "--out", str(tmp_path / "two.png")]) == 0
    assert cli.main(["compare", str(forgotten), str(finished_run.path), "--out", str(tmp_path / "three.png")]) == 0
    capsys.readouterr()


def test_what_needs_environment_and_agent_asks_for_them_and_takes_them(forgotten, capsys):
    for command in ("evaluate", "resume"):
        if command == "resume":
            (forgotten / "summary.json").unlink()
        assert cli.main([command, str(forgotten)]) == 1
        err = capsys.readouterr().err
        assert "--env module:name" in err
        assert err.count("\n") == 1
        assert cli.main([command, str(forgotten), "--env", f"{__name__}:Peak"]) == 1
        err = capsys.readouterr().err
        assert "gone_module" in err
        assert "--agent module:name" in err
        given = ["--env", f"{__name__}:Peak", "--agent", f"{__name__}:Notebook"]
        assert cli.main([command, str(forgotten), *given, *(["--json"] if command == "evaluate" else ["--quiet"])]) == 0
        capsys.readouterr()
    run = neurorl.load(forgotten, env=Peak, agent=Notebook)
    assert run.agent(1).act(np.zeros(3)) == 0
    assert run.evaluate(2)["returns"] == [[-7.5, -7.5]] * 2
    with pytest.raises(NeurorlError, match=r"env=\.\.\. in Python"):
        neurorl.load(forgotten).agent()


def test_a_run_of_an_earlier_version_states_its_threshold_in_the_summary(finished_run, tmp_path):
    shutil.copytree(finished_run.path, tmp_path / "early")
    values = json.loads((tmp_path / "early/config.json").read_text())
    del values["task"]
    (tmp_path / "early/config.json").write_text(json.dumps(values))
    early = neurorl.load(tmp_path / "early")
    assert early.threshold == finished_run.threshold == 475.0
    assert early.configuration.agent == finished_run.configuration.agent
    (tmp_path / "early/summary.json").unlink()
    assert neurorl.load(tmp_path / "early").threshold is None


@pytest.mark.parametrize("write", ["checkpoint", "curve", "summary"])
def test_a_disk_that_fills_up_is_said_in_a_sentence_and_damages_nothing(tmp_path, monkeypatch, write):
    whole = neurorl.train("CartPole-v1", "random", out=tmp_path / "whole", **TINY)
    calls = []

    def full(original, *arguments, **named):
        calls.append(1)
        if len(calls) >= {"checkpoint": 3, "curve": 3, "summary": 1}[write]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*arguments, **named)

    with monkeypatch.context() as patch:
        if write == "checkpoint":
            savez = np.savez
            patch.setattr(checkpoints.np, "savez", lambda *a, **k: full(savez, *a, **k))
        elif write == "curve":
            from neurorl.results.curves import pq

            write_table = pq.write_table
            patch.setattr(pq, "write_table", lambda *a, **k: full(write_table, *a, **k))
        else:
            patch.setattr(session.summary, "summarise", lambda *a, **k: full(None))
        with pytest.raises(NeurorlError, match="cannot be saved: No space left on device; what was saved before is whole"):
            neurorl.train("CartPole-v1", "random", out=tmp_path / "run", **TINY)
    assert not list((tmp_path / "run").rglob(".*")), "no half file takes room"
    run = neurorl.resume(tmp_path / "run")
    for name in FILES:
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes()


@pytest.mark.slow
def test_a_full_disk_at_the_first_write_leaves_nothing_and_one_sentence(tmp_path):
    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "neurorl.cli", "train", "CartPole-v1", "--seeds", "50", "--steps", "100", "--quiet"]
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    found = subprocess.run(
        [*command, "--out", tmp_path / "run"], preexec_fn=small_files_only, capture_output=True, text=True, env=environment
    )
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1, found.stderr
    assert "cannot be saved" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_environment_that_breaks_at_its_first_step_leaves_no_folder(tmp_path):
    class Broken(Peak):
        def step(self, action):
            raise RuntimeError("motor stuck")

    with pytest.raises(Exception, match="motor stuck"):
        neurorl.train(Broken, "random", out=tmp_path / "run", **TINY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "settings"),
    [
        ("ppo", {"rollout": 16, "hidden": 8, "minibatches": 1, "epochs": 1}),
        ("dqn", {"hidden": [8, 8], "begin": 16, "memory": 64, "batch": 8}),
        ("lif-ppo", {"rollout": 16, "hidden": 8, "minibatches": 1, "epochs": 1}),
    ],
)
def test_an_agent_that_huge_rewards_turn_into_nan_is_reported(tmp_path, agent, settings):
    class Huge(Peak):
        def step(self, action):
            return *super().step(action)[:1], 1e30 * (1 + self.t), self.t == 5, False, {}

    options = TINY | {"steps": 400, "eval_every": 200, "log_every": 200, "checkpoint_every": 200}
    with pytest.raises(NeurorlError, match=f"^agent '{agent}' holds numbers beyond float32; make the rewards smaller"):
        neurorl.train(Huge, agent, out=tmp_path / "run", settings=settings, **options)


@pytest.mark.parametrize(
    ("look", "reward", "says"),
    [
        ([0.0, np.inf, 0.0], 1.0, "inf as observation"),
        ([0.0, 0.0, 0.0], np.nan, "nan as reward"),
    ],
)
def test_what_is_no_finite_number_is_named_with_its_value_and_the_remedy(tmp_path, look, reward, says):
    class Odd(Peak):
        def step(self, action):
            return (np.array(look), reward, *super().step(action)[2:])

    with pytest.raises(
        NeurorlError, match=rf"environment 'Odd' returned {says}; .*Transform.* \(seed 0, between steps 0 and 20\)"
    ):
        neurorl.train(Odd, "random", out=tmp_path / "run", **TINY)


def test_an_identical_run_in_the_same_process_compiles_nothing_again(tmp_path):
    from neurorl.loops import jax_loop

    for index, changes in enumerate(({}, {}, {"seed": 9}, {"settings": {"env.length": 0.7}})):
        before = dict(jax_loop.compilations)
        neurorl.train("CartPole-v1", "linear-sarsa", out=tmp_path / str(index), **TINY, **changes)
        if index:
            assert jax_loop.compilations == before, changes
    built = config.build("CartPole-v1", "linear-sarsa", {"max_episode_steps": 30}, {})
    loop = built.make_loop()
    assert loop.limit == 30
    assert loop.evaluate(loop.init()).max() <= 30


def test_two_loops_of_one_program_keep_their_own_arguments():
    first = config.build("CartPole-v1", "linear-sarsa", {"seeds": 2, "eval_episodes": 1}, {}).make_loop()
    alone = first.evaluate(first.init())
    config.build("CartPole-v1", "linear-sarsa", {"seeds": 2, "seed": 7, "eval_episodes": 1, "eval_seed": 3}, {}).make_loop()
    assert np.array_equal(first.evaluate(first.init()), alone)
