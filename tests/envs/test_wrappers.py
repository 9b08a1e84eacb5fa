"""Wrappers go around environments of both loops, and into config.json by a name that makes them again."""

import functools
import json

import gymnasium
import gymnax
import numpy as np
import pytest
from gymnasium.wrappers import FrameStackObservation, NormalizeObservation, TransformReward
from gymnax.wrappers import FlattenObservationWrapper

import neurorl
from neurorl import cli
from neurorl.envs import resolve, wrappers
from neurorl.errors import NeurorlError

SHORT = {"seeds": 2, "steps": 60, "eval_every": 30, "eval_episodes": 2, "log_every": 30}
STACK = "gymnasium.wrappers.stateful_observation:FrameStackObservation(stack_size=2)"


class Tenfold(gymnasium.RewardWrapper):
    def reward(self, reward):
        return 10.0 * reward


def test_a_run_keeps_wrappers_by_name_and_makes_them_again(tmp_path):
    given = [Tenfold, functools.partial(FrameStackObservation, stack_size=2)]
    run = neurorl.train("CartPole-v1", "random", wrappers=given, out=tmp_path / "run", **SHORT)
    kept = json.loads((run.path / "config.json").read_text())
    assert kept["wrappers"] == [f"{__name__}:Tenfold", STACK]
    assert (kept["env_id"], kept["loop"]) == ("FrameStackObservation-Tenfold-CartPole-v1", "host")
    again = neurorl.load(run.path)
    assert again.configuration.task.observation_space.shape == (2, 4)
    assert again.configuration.task.known_id is None
    returns = np.array(again.evaluate(3)["returns"])
    assert (returns % 10 == 0).all()
    assert returns.min() >= 80.0  # CartPole falls after eight steps at the earliest
    env = again.agent(0).environment()
    assert env.reset(seed=0)[0].shape == (2, 4)
    resumed = neurorl.resume(run.path, steps=90)
    assert resumed.evaluation["env_step"].max() == 90


def test_the_first_wrapper_is_innermost():
    task = resolve("CartPole-v1", wrappers=[STACK, "gymnasium.wrappers:FlattenObservation"])
    assert task.observation_space.shape == (8,)
    assert task.env_id == "FlattenObservation-FrameStackObservation-CartPole-v1"
    assert (task.loop, task.max_episode_steps) == ("host", 500)
    assert resolve("CartPole-v1", max_episode_steps=40, wrappers=[STACK]).max_episode_steps == 40


def test_wrappers_of_gymnax_stay_in_the_jitted_loop(tmp_path):
    name = wrappers.named(FlattenObservationWrapper)
    task = resolve("Catch-bsuite", settings={"rows": 7}, wrappers=[name])
    assert (task.loop, task.observation_space.shape, task.parameters["rows"]) == ("jax", (35,), 7)
    assert (task.known_id, task.twin()) == (None, None)
    run = neurorl.train("Catch-bsuite", "random", wrappers=[FlattenObservationWrapper], out=tmp_path / "run", **SHORT)
    assert run.configuration.task.observation_space.shape == (50,)
    assert np.isfinite(run.evaluate(2)["return_iqm"])


def test_evaluations_share_what_a_normalising_wrapper_has_gathered(tmp_path):
    run = neurorl.train("CartPole-v1", "random", wrappers=[NormalizeObservation], out=tmp_path / "run", **SHORT)
    gathered = [run.agent(index).environment().get_wrapper_attr("obs_rms") for index in range(2)]
    assert min(statistics.count for statistics in gathered) >= 60  # a step each, and a reset each episode
    assert not np.allclose(gathered[0].mean, gathered[1].mean)  # every learner its own
    env = run.agent(0).environment()
    env.reset(seed=0)
    assert env.get_wrapper_attr("obs_rms").count == gathered[0].count


def test_objects_that_make_environments_take_wrappers_too():
    task = resolve(lambda: gymnasium.make("Acrobot-v1"), wrappers=[f"{__name__}:Tenfold"])
    assert task.env_id == "Tenfold-Acrobot-v1"
    assert resolve(gymnax.make("Catch-bsuite")[0], wrappers=[wrappers.named(FlattenObservationWrapper)]).loop == "jax"


def test_what_cannot_be_made_again_is_refused():
    class Local(gymnasium.Wrapper):
        pass

    for wrapper in (lambda env: env, Local, functools.partial(TransformReward, func=abs), functools.partial(Tenfold, None)):
        with pytest.raises(
            NeurorlError, match=r"cannot be made again by a run that is resumed or evaluated: put it into a module"
        ):
            wrappers.named(wrapper)
    for name, said in (
        ("Tenfold", "is none; write module:name"),
        (f"{__name__}:Elevenfold", "is none; write module:name"),
        ("my_absent_module:Tenfold", "cannot be made: No module named 'my_absent_module'"),
        (f"{__name__}:Tenfold(2)", "is none; write module:name"),
        (f"{__name__}:Tenfold(by=two)", "cannot be made: malformed node"),
        (f"{__name__}:Tenfold(by=2)", "cannot be put around .*unexpected keyword argument 'by'"),
    ):
        with pytest.raises(NeurorlError, match=said):
            resolve("CartPole-v1", wrappers=[name], loop="host")
    with pytest.raises(NeurorlError, match=r"wrapper '.*Tenfold' cannot be put around"):
        resolve("CartPole-v1", wrappers=[f"{__name__}:Tenfold"], loop="jax")


def test_the_command_line_takes_wrappers(tmp_path, capsys):
    out = str(tmp_path / "run")
    words = ["train", "CartPole-v1", "--agent", "random", "--seeds", "2", "--steps", "60", "--eval-every", "30", "--quiet"]
    assert cli.main([*words, "--wrapper", "gymnasium.wrappers:FlattenObservation", "--wrapper", STACK, "--out", out]) == 0
    assert neurorl.load(out).configuration.options.wrappers == ("gymnasium.wrappers:FlattenObservation", STACK)
    assert cli.main(["evaluate", out, "--episodes", "1"]) == 0
    assert "FrameStackObservation-FlattenObservation-CartPole-v1" in capsys.readouterr().out
