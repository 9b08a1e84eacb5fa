"""Environments of the host: each answer checked, in one sentence where it breaks Gymnasium's contract."""

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv

import neurorl
from neurorl import packing
from neurorl.envs import resolve
from neurorl.envs.environments import BEGINS, REWARD, TRUNCATED, Environments, timestep
from neurorl.envs.intake import Intake
from neurorl.envs.vector_environments import VectorEnvironments
from neurorl.errors import NeurorlError


class Plain(gymnasium.Env):
    """Counts to five; what is said of it is said by subclasses."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,)), spaces.Discrete(2)

    def look(self):
        return np.zeros(2, np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.look(), {}

    def step(self, action):
        self.steps += 1
        return self.look(), 1.0, self.steps == 5, False, {}


def kind(**methods):
    """Return a subclass called Odd."""
    return type("Odd", (Plain,), methods)


def answering(*changes):
    """Return a class whose steps answer with some entries changed, counted from the observation."""

    def step(self, action):
        answer = list(Plain.step(self, action))
        for index, value in changes:
            answer[index] = value
        return tuple(answer)

    return kind(step=step)


def play(make, steps=12):
    environments = Environments(make, 2, "Odd", 1000)
    rows = [environments.begin([0, 1])] + [environments.advance(np.zeros(2, np.int32)) for _ in range(steps)]
    environments.close()
    return np.stack(rows)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (kind(look=lambda self: np.zeros(3)), r"returned an array of shape \(3,\) of float64 as observation from reset"),
        (kind(look=lambda self: np.zeros((2, 1))), r"returned an array of shape \(2, 1\) of float64 as observation"),
        (kind(look=lambda self: np.zeros(1)), r"returned an array of shape \(1,\) of float64 as observation"),
        (kind(look=lambda self: None), r"returned None as observation from reset\(\); the space has Box\(-1.0, 1.0, \(2,\)"),
        (kind(look=lambda self: "left"), "returned 'left' as observation"),
        (kind(look=lambda self: ["a", "b"]), r"returned a list \(\['a', 'b'\]\) as observation"),
        (kind(reset=lambda self, **_: np.zeros(2)), r"returned an array of shape \(2,\) .*; it must return \(obser"),
        (kind(reset=lambda self: (np.zeros(2), {})), r"raised TypeError: .* it must take both by keyword: def re"),
        (kind(step=lambda self, a: (np.zeros(2), 1.0, False, {})), r"returned a tuple of 4 from step\(\); it must return \(ob"),
        (kind(step=lambda self, a: None), r"returned None from step\(\)"),
        (answering((1, None)), r"returned reward None from step\(\)"),
        (answering((1, "ten")), r"returned reward 'ten' from step\(\)"),
        (answering((1, np.ones(2))), r"returned reward an array of shape \(2,\) of float64 from step\(\)"),
        (answering((2, None)), r"returned terminated None from step\(\)"),
        (answering((2, "no"), (3, np.zeros(2))), r"returned terminated 'no', truncated an array of shape \(2,\)"),
        (kind(step=lambda self, a: 1 / 0), r"raised ZeroDivisionError: division by zero in step.*, line"),
        (kind(reset=lambda self, **_: {}["start"]), r"raised KeyError: 'start' in reset\(\)"),
    ],
)  # fmt: skip
def test_an_environment_that_breaks_the_contract_is_named(make, says):
    with pytest.raises(NeurorlError, match=f"environment 'Odd' {says}"):
        play(make)
    with pytest.raises(NeurorlError, match=says):
        resolve(make).check()  # a run says it before it has made a folder


@pytest.mark.parametrize("missing", ["observation_space", "action_space"])
def test_an_environment_without_a_space_gets_one_sentence(missing, tmp_path):
    said = f"environment 'Odd' has None as its {missing}; give it a space of gymnasium.spaces"
    for make in (kind(**{missing: None}), type("Odd", (gymnasium.Env,), {k: v for k, v in vars(Plain).items() if k != missing})):
        with pytest.raises(NeurorlError, match=f"^{said}$"):
            neurorl.train(make, "random", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "make",
    [
        answering((1, np.array([1.0]))),
        answering((1, np.float32(1.0))),
        answering((1, 1)),
        answering((1, True)),
        answering((1, np.ones((1, 1), np.int64)), (3, np.int64(0)), (4, None)),
        answering((2, np.bool_(False)), (3, np.array([False]))),
        kind(look=lambda self: [0.0, 0.0]),
        kind(reset=lambda self, seed=None: Plain.reset(self)),
    ],
)
def test_what_can_be_understood_is_understood(make, recwarn):
    rows = play(make)
    np.testing.assert_array_equal(rows[1:, :, REWARD], 1.0)
    assert not [w for w in recwarn if issubclass(w.category, DeprecationWarning)]
    resolve(make).check()


def test_options_are_none_unless_there_are_some():
    given = []
    play(kind(reset=lambda self, *, seed=None, options=None: given.append(options) or Plain.reset(self, seed=seed)))
    assert given == [None] * 6  # two of the beginning, and two after each of two episodes


def test_rows_hold_the_end_of_an_episode_and_the_beginning_of_the_next():
    make = kind(look=lambda self: np.full(2, self.steps / 5))
    rows = play(make, 6)[:, 0]
    assert rows[0, BEGINS] == rows[0, TRUNCATED] == 1.0
    np.testing.assert_allclose(rows[5], [1, 1, 0, 0, 0, 0, 1, 1])  # reward, terminated, ...; observation, final observation
    first, last = (timestep(Plain.observation_space, row) for row in rows[[0, 5]])
    assert (bool(first.truncated), bool(last.terminated), bool(last.truncated)) == (True, True, False)


def test_an_observation_that_is_changed_in_place_is_kept_as_it_was():
    def reset(self, *, seed=None, options=None):
        self.steps, self.seen = 0, np.zeros(2, np.float32)
        return self.seen, {}

    def step(self, action):
        self.steps += 1
        self.seen[:] = self.steps / 5
        return self.seen, 1.0, self.steps == 5, False, {}

    rows = play(kind(reset=reset, step=step), 5)
    np.testing.assert_allclose(rows[:, 1, 4], [0, 0.2, 0.4, 0.6, 0.8, 0])


def test_time_runs_out_for_each_by_itself():
    environments = Environments(Plain, 2, "Plain", 3)
    environments.begin([0, 1])
    environments.step(np.zeros(1, np.int32), [1])
    over = [tuple(environments.advance(np.zeros(2, np.int32))[:, TRUNCATED]) for _ in range(4)]
    assert over == [(0, 0), (0, 1), (1, 0), (0, 0)]


def test_every_learner_has_an_environment_of_its_own():
    one = Plain()
    with pytest.raises(NeurorlError, match="returned the same environment twice"):
        Environments(lambda: one, 2, "one", 10)


def test_all_are_closed_whatever_happens(recwarn):
    closed = []

    def make():
        if len(made) == 2:
            raise RuntimeError("no more licences")
        made.append(1)
        return kind(close=lambda self: closed.append(1) or 1 / 0)()

    made = []
    with pytest.raises(RuntimeError, match="no more licences"):
        Environments(make, 3, "Odd", 10)
    assert len(closed) == 2
    assert any("could not be closed" in str(w.message) for w in recwarn)


ONE_BASED = [
    (spaces.Discrete(4), lambda n: n, "4", "1 to 4|0 to 3"),
    (spaces.Discrete(4, start=2), lambda n: n + 2, "6", "2 to 5"),
    (spaces.MultiDiscrete([9, 4]), lambda n: np.array([8, n]), "4", "0 to 3"),
    (spaces.MultiBinary(2), lambda n: np.array([0, n // 2]), "2", "0 to 1"),
    (spaces.Dict(a=spaces.Box(-9, 9, (2,)), b=spaces.Discrete(4)), lambda n: {"a": [8.0, 8.0], "b": n}, "4", r"\(part \['b'\]\)"),
    (spaces.Tuple([spaces.Discrete(9), spaces.Discrete(4)]), lambda n: (8, np.array([n])), "4", r"\(part \[1\]\)"),
    (spaces.Discrete(4), lambda n: n / 4, "0.25", "0 to 3"),
]


@pytest.mark.parametrize(("space", "look", "value", "says"), ONE_BASED)
def test_a_state_that_is_not_in_the_space_is_said_at_once(space, look, value, says):
    """It would be taken for some other state, or for none, and be learned so."""
    make = kind(observation_space=space, look=lambda self: look(1 + self.steps % 4))
    with pytest.raises(NeurorlError, match=f"returned {value} as observation.*({says})"):
        play(make)


def test_states_of_a_vector_are_looked_at_too():
    make = kind(observation_space=spaces.Discrete(4), look=lambda self: self.steps)
    vector = VectorEnvironments(SyncVectorEnv([make] * 2), make.observation_space, make.action_space, "Odd")
    vector.begin([0, 1])
    for _ in range(3):
        vector.advance(np.zeros(2, np.int32))
    with pytest.raises(NeurorlError, match="environment 'Odd' returned 4 as observation"):
        vector.advance(np.zeros(2, np.int32))


def far(offset, scale, dtype=np.float64):
    return kind(
        observation_space=spaces.Box(-np.inf, np.inf, (2,), dtype),
        look=lambda self: np.array([0.5, offset + scale * (self.steps % 3)]),
    )


@pytest.mark.parametrize(("offset", "scale", "dtype"), [(1.7e9, 1.0, np.float64), (-4e8, 2.0, np.float32), (2**40, 1, np.int64)])
def test_changes_that_float32_loses_are_said_at_once(offset, scale, dtype):
    make = far(offset, scale, dtype)
    with pytest.raises(
        NeurorlError, match=r"where float32 has one number every .* most changes of it are lost; subtract an offset"
    ):
        play(make, 40)
    inside = kind(
        observation_space=spaces.Dict(a=spaces.Discrete(2), t=make.observation_space),
        look=lambda self: {"a": 1, "t": make.look(self)},
    )
    with pytest.raises(NeurorlError, match=r"an observation \(part \['t'\]\) of "):
        play(inside, 40)


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1e-12), (1e6, 1.0), (1e9, 1e4), (1e9, 0.0)])
def test_changes_that_float32_keeps_or_that_matter_to_nobody_pass(offset, scale):
    play(far(offset, scale), 40)


def test_numbers_beyond_float32_are_named():
    with pytest.raises(NeurorlError, match=r"of 1e\+300, beyond the largest number of float32"):
        play(far(1e300, 0.0))


def test_a_view_of_every_part_shows_the_row():
    space = spaces.Dict(a=spaces.Box(-1, 1, (2, 3)), b=spaces.Tuple([spaces.Discrete(3), spaces.Box(-1, 1, ())]))
    intake = Intake(space, "somebody gave", 3)
    value = {"a": np.arange(6.0).reshape(2, 3), "b": (2, -1.0)}
    intake.write(1, value)
    np.testing.assert_array_equal(intake.rows[1], [0, 1, 2, 3, 4, 5, 2, -1])
    np.testing.assert_array_equal(intake.rows[[0, 2]], 0)
    assert intake.packed().shape == (3, 8)


BOXES = [(-1.0, 1.0, np.float64), (-0.1, 0.1, np.float64), (-0.4, 0.4, np.float32), (0.0, 0.3, np.float64)]
BOXES += [(-0.7, 2.8, np.float16), (0, 255, np.uint8)]


@pytest.mark.parametrize(("low", "high", "dtype"), BOXES)
@pytest.mark.parametrize("where", [np.asarray, jax.numpy.asarray])
def test_actions_lie_in_their_box_in_every_type(low, high, dtype, where):
    space = spaces.Box(low, high, (3,), dtype)
    action = packing.unpack(space, where(np.float32([low, high, np.nextafter(np.float32(high), np.float32(9e9))])))
    assert action.dtype == jax.dtypes.canonicalize_dtype(dtype) if where is not np.asarray else dtype
    if where is np.asarray:
        assert space.contains(action), action - space.high
    both = spaces.Dict(a=space, b=spaces.Discrete(2))
    assert both.contains(packing.unpack(both, np.float32([low, high, high * 1.0001 + 1e-6, 1])))
