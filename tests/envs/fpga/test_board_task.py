"""The board by its id: in the jitted loop, in the host loop, from the command line, and filmed."""

import numpy as np
import pytest

import neurorl
from neurorl import cli, envs
from neurorl.envs.fpga.env import FpgaTelemetry
from neurorl.errors import NeurorlError
from neurorl.runs import config

DISCRETE = "neurorl/FpgaTelemetry-v0"


def test_the_id_is_a_jax_task_or_a_host_task():
    assert envs.resolve(DISCRETE).loop == "jax"
    host = envs.resolve(DISCRETE, "host", {"scenario": "aged-part"})
    assert (host.loop, host.max_episode_steps) == ("host", 600)
    assert float(host.make().unwrapped.params.age_high_v) == pytest.approx(0.045)
    assert envs.resolve("neurorl:" + DISCRETE).loop == "jax"


def test_scenario_and_numbers_are_settings_that_survive_the_configuration():
    built = config.build(DISCRETE, "spiking-actor-critic", {"seeds": 2}, {"env.scenario": "heat-wave", "env.noise_c": 1.0})
    assert built.task.changed
    again = config.from_json(built.to_json())
    for task in (built.task, again.task):
        assert (task.parameters["scenario"], task.parameters["ambient_low_c"], task.parameters["noise_c"]) == (
            "heat-wave",
            38.0,
            1.0,
        )
    board = built.task.twin().make().unwrapped  # what evaluation plays: the same board, not the default one
    assert (float(board.params.ambient_low_c), float(board.params.noise_c)) == (38.0, 1.0)


def test_the_preset_drives_by_set_points_and_derived_readings():
    built = config.build(DISCRETE, "spiking-actor-critic", {}, {"env.scenario": "heat-wave"})
    chosen = built.task.parameters
    assert (chosen["actions"], chosen["derived"], chosen["scenario"]) == ("set-points", True, "heat-wave")
    assert built.agent.actions.heads == (8, 7, 5, 4)
    assert built.agent.code.size == 191
    again = config.from_json(built.to_json())
    assert again.agent == built.agent
    assert again.task.observation_space.shape == (19,)


def test_a_preset_that_names_parameters_of_the_environment_leaves_another_environment_alone():
    """Not another board that was asked for, nor one that was made elsewhere without them; one that has them it fits."""
    moves = config.build(DISCRETE, "spiking-actor-critic", {}, {"env.actions": "moves"})
    assert moves.task.parameters["derived"] is False
    assert moves.agent.actions.heads == (30,)
    assert config.build(FpgaTelemetry(), "spiking-actor-critic", {}, {}).agent.actions.heads == (30,)
    made = FpgaTelemetry(actions="set-points", derived=True)
    assert config.build(made, "spiking-actor-critic", {}, {}).agent.actions.heads == (8, 7, 5, 4)
    assert config.build(DISCRETE, "ppo", {}, {}).task.parameters["actions"] == "moves"


def test_the_preset_says_how_long_a_run_is_unless_the_caller_does():
    long = config.build(DISCRETE, "spiking-actor-critic", {}, {}).options
    assert (long.steps, long.eval_every) == (2_000_000, 200_000)
    asked = config.build(DISCRETE, "spiking-actor-critic", {"steps": 5_000}, {"eval_every": 500}).options
    assert (asked.steps, asked.eval_every) == (5_000, 500)
    assert config.build(DISCRETE, "random", {}, {}).options == config.Options(checkpoint_every=2_000)


def test_a_wrong_scenario_is_explained():
    with pytest.raises(NeurorlError, match="did you mean 'heat-wave'"):
        envs.resolve(DISCRETE, settings={"scenario": "heatwave"})


def test_the_list_shows_the_board_and_its_keys(capsys):
    assert cli.main(["list"]) == 0
    assert DISCRETE in capsys.readouterr().out
    assert cli.main(["list", DISCRETE]) == 0
    assert "env.scenario" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_is_trained_loaded_evaluated_and_filmed(tmp_path, capsys):
    out = tmp_path / "run"
    options = ["--seeds", "2", "--steps", "300", "--eval-every", "300", "--max-episode-steps", "40", "--quiet"]
    assert cli.main(["train", DISCRETE, *options, "--set", "eval_episodes=2", "--out", str(out)]) == 0
    run = neurorl.load(out)
    assert np.isfinite(run.summary["eval_return"]).all()
    result = run.evaluate(episodes=2)
    assert result["environment"] == "gymnasium"
    assert np.isfinite(result["returns"]).all()
    pytest.importorskip("moviepy", reason="needs the extra render")
    capsys.readouterr()
    assert cli.main(["evaluate", str(out), "--video", str(tmp_path / "film.mp4")]) == 0
    assert (tmp_path / "film.mp4").stat().st_size > 10_000
