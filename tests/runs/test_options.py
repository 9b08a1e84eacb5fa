"""Options are declared once: flags, fields of a sweep and the page follow, and numbers of NumPy are numbers."""

import argparse
import dataclasses
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import cli
from neurorl.commands import arguments
from neurorl.errors import NeurorlError
from neurorl.parameters import from_dict, to_dict
from neurorl.runs import config
from neurorl.runs.options import LAST_SEED, Options
from neurorl.sweeps import spec
from neurorl.sweeps.spec import Head

FIELDS = dataclasses.fields(Options)
PAGE = Path(__file__).parents[2] / "docs" / "runs.md"


def test_every_option_of_one_value_is_a_flag_with_its_help_and_default():
    parser = argparse.ArgumentParser()
    arguments.add_options(parser)
    flags = {flag: action for action in parser._actions for flag in action.option_strings}
    for field in FIELDS:
        flag = f"--{field.name.replace('_', '-')}"
        if field.name in ("wrappers", "changes"):  # one value is a part of theirs
            assert flag not in flags
            continue
        assert flags[flag].help.startswith(field.metadata["help"])
        assert field.default is None or flags[flag].help.endswith(f"[{field.default}]")
    given = parser.parse_args(["--steps", "1e3", "--loop", "host", "--eval-seed", "7"])
    assert from_dict(Options(), arguments.options_of(given)) == Options(steps=1000, loop="host", eval_seed=7)


def test_a_sweep_has_the_fields_of_a_run_and_not_another_declaration():
    shared = [field for field in dataclasses.fields(Head) if field.name not in ("env", "agent")]
    runs = {field.name: field for field in FIELDS}
    assert shared
    for field in shared:
        assert (field.default, field.metadata) == (runs[field.name].default, runs[field.name].metadata)


def test_the_page_lists_every_option():
    lines = PAGE.read_text().splitlines()
    for field in FIELDS:
        default = json.dumps(field.default)
        assert f"| `{field.name}` | {default} | {field.metadata['help']} |" in lines


def test_numbers_of_numpy_and_jax_are_numbers_wherever_numbers_are_taken():
    options = {"seed": np.int64(3), "seeds": np.int32(2), "steps": np.uint16(100), "eval_every": np.float32(50.0)}
    settings = {"gamma": np.float64(0.5), "temperature": jnp.float32(2.0)}
    built = config.build("CartPole-v1", "linear-sarsa", options, {"gamma": np.float64(0.5), "env.length": jnp.float32(0.25)})
    same = config.build(
        "CartPole-v1",
        "linear-sarsa",
        {"seed": 3, "seeds": 2, "steps": 100, "eval_every": 50},
        {"gamma": 0.5, "env.length": 0.25},
    )
    assert json.loads(json.dumps(built.to_json())) == same.to_json()
    changes = {"changes": np.array([[50, 0.0]], object)}
    with pytest.raises(NeurorlError, match="'changes' holds"):
        config.build("CartPole-v1", "random", changes, {})
    swept = {"env": "CartPole-v1", "seeds": np.int64(4), "set": settings, "grid": {"env.length": np.array([0.25, 0.5])}}
    found = spec.check(swept)
    assert json.loads(json.dumps(found.to_json()))["grid"] == {"env.length": [0.25, 0.5]}
    assert to_dict(found.head)["seeds"] == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"eval_seed": LAST_SEED}, f"'eval_seed' is {LAST_SEED}, which gives the last evaluation episode the seed"),
        ({"eval_seed": LAST_SEED - 18}, "lower 'eval_seed' or 'eval_episodes'"),
        ({"seed": LAST_SEED, "seeds": 2}, "lower 'seed' or 'seeds'"),
        ({"seed": np.int64(2**31)}, "must be at most 2147483647"),
        ({"seed": True}, "finite number, not True"),
        ({"seeds": None}, "cannot be null"),
    ],
)
def test_seeds_that_follow_from_others_are_seeds_too(options, says):
    with pytest.raises(NeurorlError, match=says):
        config.build("CartPole-v1", "random", options, {})


@pytest.mark.parametrize("options", [{"seed": LAST_SEED, "seeds": 1}, {"eval_seed": LAST_SEED - 19}])
def test_the_last_seeds_are_taken(options):
    assert config.build("CartPole-v1", "random", options, {}).options.seeds in (1, 10)


def test_help_of_any_other_command_needs_no_jax():
    code = "import sys; from neurorl import cli\ntry: cli.main(['report', '--help'])\nexcept SystemExit: pass\n"
    import subprocess
    import sys

    found = subprocess.run([sys.executable, "-c", code + "print('jax' in sys.modules)"], capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "False", found.stderr
    assert cli.COMMANDS
