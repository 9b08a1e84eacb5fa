"""The TOML of a sweep: what is refused, and what the hash means."""

import tomllib

import pytest

from neurorl.errors import NeurorlError
from neurorl.sweeps import spec
from neurorl.sweeps.spec import Range

WHOLE = """
env = "CartPole-v1"
seeds = 5
[set]
dopamine.gain = 2.0
[grid]
gamma = [0.9, 0.99]
agent = ["spiking-actor-critic", "random"]
[random]
rows = 3
actor.learning_rate = { low = 1.0, high = 100.0, log = true }
"actor.lambda_" = [0.9, 0.95]
"""


def test_tables_may_be_dotted_or_quoted():
    found = spec.check(tomllib.loads(WHOLE))
    assert found.set == {"dopamine.gain": 2.0}
    assert found.random == {"actor.learning_rate": Range(1.0, 100.0, True), "actor.lambda_": [0.9, 0.95]}
    assert found.random_rows == 3
    assert found.head.steps == 20_000


def test_the_hash_sees_values_and_not_their_order():
    base = spec.check(tomllib.loads(WHOLE))
    moved = """
    seeds = 5  # a comment
    env = "CartPole-v1"
    [random.actor]
    lambda_ = [0.9, 0.95]
    learning_rate = { log = true, high = 100.0, low = 1.0 }
    [random]
    rows = 3
    [grid]
    agent = ["spiking-actor-critic", "random"]
    gamma = [0.9, 0.99]
    [set.dopamine]
    gain = 2.0
    """
    assert spec.check(tomllib.loads(moved)).hash == base.hash
    assert spec.check(base.to_json()) == base
    for old, new in (("seeds = 5", "seeds = 6"), ("0.99", "0.98"), ("log = true", "log = false"), ("rows = 3", "rows = 4")):
        assert spec.check(tomllib.loads(WHOLE.replace(old, new))).hash != base.hash, old


def test_other_versions_are_another_sweep(monkeypatch):
    base = spec.check(tomllib.loads(WHOLE)).hash
    monkeypatch.setattr(spec, "versions", lambda: {"jax": "0.0.1"})
    assert spec.check(tomllib.loads(WHOLE)).hash != base


def test_differences_are_shown_by_key():
    old = spec.check(tomllib.loads(WHOLE)).to_json()
    new = spec.check(tomllib.loads(WHOLE.replace("gamma = [0.9, 0.99]", "").replace("seeds = 5", "seeds = 8"))).to_json()
    assert spec.differences(old, new) == ["seeds was 5 and is 8", "grid.gamma was [0.9, 0.99] and is absent"]
    assert spec.differences(old, old) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("seeds = 5", "seds = 5"), "unknown field 'seds'; did you mean 'seeds'?"),
        (("[grid]", "[gird]"), "unknown field 'gird'; did you mean 'grid'?"),
        (("seeds = 5", "seeds = 0"), "'seeds' is 0; it must be at least 1"),
        (("seeds = 5", "seeds = 5.5"), "'seeds' must be a whole number"),
        (('env = "CartPole-v1"', ""), "'env' is missing"),
        (("gamma = [0.9, 0.99]", "gamma = 0.9"), "'grid.gamma' is 0.9; it must be a list"),
        (("gamma = [0.9, 0.99]", "gamma = []"), "'grid.gamma' is []"),
        (("gamma = [0.9, 0.99]", "gamma = [0.9, 0.9]"), "'grid.gamma' holds 0.9 twice"),
        (("gamma = [0.9, 0.99]", "gamma = [0.9, nan]"), "'grid.gamma' holds nan"),
        (("gamma = [0.9, 0.99]", "dopamine.gain = [1.0]"), "'dopamine.gain' stands in two tables"),
        (("gamma = [0.9, 0.99]", "seeds = [1, 2]"), "'seeds' is the same for all rows"),
        (("rows = 3", "rows = -1"), "'random.rows' is -1"),
        (("rows = 3", "rows = true"), "'random.rows' is True"),
        (("low = 1.0", "low = 200.0"), "'random.actor.learning_rate' goes from 200.0 to 100.0"),
        (("low = 1.0", "low = 0.0"), "'random.actor.learning_rate.low' is 0.0; on a logarithmic range"),
        (("low = 1.0", 'low = "a"'), "'random.actor.learning_rate.low' is 'a'"),
        (("log = true", "log = 1"), "'random.actor.learning_rate.log' is 1"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_field_and_value(tmp_path, change, says):
    assert change[0] in WHOLE
    file = tmp_path / "sweep.toml"
    file.write_text(WHOLE.replace(*change))
    with pytest.raises(NeurorlError) as error:
        spec.read(file)
    assert says in str(error.value)
    assert "sweep.toml" in str(error.value)


def test_a_file_that_is_not_there_or_no_toml_is_said_so(tmp_path):
    with pytest.raises(NeurorlError, match=r"'.*nowhere.toml' cannot be read"):
        spec.read(tmp_path / "nowhere.toml")
    (tmp_path / "broken.toml").write_text("env = [")
    with pytest.raises(NeurorlError, match="is no TOML"):
        spec.read(tmp_path / "broken.toml")
