import dataclasses
import importlib
import json
import pkgutil
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

import neurorl
import neurorl.agents as neurorl_agents
from neurorl.agents.ppo import PPO
from neurorl.agents.readout import Actor
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes import OneHot, PlaceCells
from neurorl.codes.sensory import Encoder
from neurorl.errors import NeurorlError
from neurorl.neuromodulation.modulation import Modulation
from neurorl.parameters import Checked, from_dict, parameter, to_dict
from neurorl.plasticity.plastic import Homeostasis


@struct.dataclass
class Inner:
    kind: str = parameter("soft", "a name", choices=("soft", "hard"), static=True)
    limit: float = parameter(1.0, "a limit", low=0.0, optional=True)


@struct.dataclass
class Outer:
    inner: Inner = Inner()
    learning_rate: float = parameter(0.5, "a number", low=0.0, high=2.0)
    neurons: int = parameter(2, "a whole number", low=1, static=True)
    enabled: bool = parameter(True, "a switch", static=True)
    low: tuple[float, ...] = parameter((0.0, 1.0), "numbers")
    angles: tuple[tuple[int, int], ...] = parameter((), "pairs", static=True)


CHANGED = Outer(Inner("hard", None), 0.25, 3, False, (1.5, -2.0, 3.0), ((0, 1), (2, 3)))
AGENTS = [
    SpikingActorCritic.for_spaces(spaces.Box(-1.0, 1.0, (6,)), spaces.Discrete(3), angles=((0, 1), (2, 3))),
    SpikingActorCritic.for_spaces(spaces.Discrete(16, start=1), spaces.Discrete(4)),
]


def through_json(group):
    return json.loads(json.dumps(to_dict(group)))


def test_a_group_survives_json():
    assert from_dict(Outer(), through_json(CHANGED)) == CHANGED


@pytest.mark.parametrize("agent", AGENTS, ids=["place-cells", "one-hot"])
def test_an_agent_survives_json(agent):
    changed = agent.replace(gamma=0.5, critic=agent.critic.replace(neurons=3, leak=0.25))
    again = from_dict(agent, through_json(changed))
    assert again == changed
    assert jax.tree.structure(again) == jax.tree.structure(changed)  # static fields, too


def test_what_is_not_named_keeps_its_value():
    assert from_dict(CHANGED, {"inner": {"kind": "soft"}}) == CHANGED.replace(inner=Inner("soft", None))
    assert from_dict(CHANGED, {}) == CHANGED


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rat": 1.0}, r"unknown parameter 'agent.learning_rat'; did you mean 'learning_rate'\?"),
        ({"inner": {"Limit": 1.0}}, r"unknown parameter 'agent.inner.Limit'; did you mean 'limit'\?"),
        ({"inner": 3}, "'agent.inner' is a group of parameters; set one of kind, limit"),
        ({"learning_rate": "fast"}, "'agent.learning_rate' must be a finite number, not 'fast'"),
        ({"learning_rate": True}, "'agent.learning_rate' must be a finite number, not True"),
        ({"learning_rate": float("nan")}, "'agent.learning_rate' is nan; it must be a finite number"),
        ({"learning_rate": float("inf")}, "'agent.learning_rate' is inf; it must be a finite number"),
        ({"learning_rate": [0.1, 0.2]}, "'agent.learning_rate' must be a finite number, not"),
        ({"learning_rate": None}, "'agent.learning_rate' cannot be null: give a float"),
        ({"neurons": 2.5}, "'agent.neurons' must be a whole number, not 2.5"),
        ({"enabled": 1}, "'agent.enabled' must be true or false, not 1"),
        ({"low": 0.0}, "'agent.low' must be a list such as"),
        ({"low": [0.0, "a"]}, "'agent.low' must be a list of finite numbers"),
        ({"inner": {"kind": "sofr"}}, r"it must be one of soft, hard; did you mean 'soft'\?"),
        ({"inner": {"kind": 3}}, "'agent.inner.kind' must be text, not 3"),
        ({"inner": {"kind": ["soft"]}}, "'agent.inner.kind' must be text, not"),
        ({"inner": {"kind": None}}, "'agent.inner.kind' cannot be null: give a str"),
    ],
)
def test_a_wrong_value_is_refused_by_a_message_that_names_it(values, message):
    with pytest.raises(NeurorlError, match=message):
        from_dict(Outer(), values, "agent")


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_taken_exactly_within_its_range(value):
    if 0.0 <= value <= 2.0:
        assert from_dict(Outer(), {"learning_rate": value}).learning_rate == value
    else:
        with pytest.raises(NeurorlError, match="at least 0.0" if value < 0 else "at most 2.0"):
            from_dict(Outer(), {"learning_rate": value})


def test_values_take_the_type_of_the_field():
    group = from_dict(Outer(), {"neurons": 4.0, "learning_rate": 1, "low": [1, 2]})
    assert (group.neurons, type(group.neurons)) == (4, int)
    assert (group.learning_rate, type(group.learning_rate)) == (1.0, float)
    assert group.low == (1, 2)
    hash(group.low)


def test_an_optional_value_may_be_null_and_a_number_again():
    without = from_dict(Outer(), {"inner": {"limit": None}})
    assert without.inner.limit is None
    assert from_dict(without, {"inner": {"limit": 2.5}}).inner.limit == 2.5
    with pytest.raises(NeurorlError, match="it must be at least"):
        from_dict(without, {"inner": {"limit": -1.0}})


@struct.dataclass
class Membrane(Checked):
    tau: float = parameter(20.0, "ms", above=0.0)
    share: float = parameter(0.5, "", low=0.0, high=1.0)
    shape: str = parameter("round", "", choices=("round", "square"), static=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tau": 0.0}, "'Membrane.tau' is 0.0; it must be above 0.0"),
        ({"tau": float("nan")}, "'Membrane.tau' is nan; it must be a finite number"),
        ({"tau": np.array([1.0, -2.0])}, "'Membrane.tau' is -2.0"),
        ({"tau": "20"}, "'Membrane.tau' must be a finite number, not '20'"),
        ({"tau": np.array(["20"])}, "'Membrane.tau' is an array of <U2; it must be a float"),
        ({"tau": True}, "'Membrane.tau' must be a finite number, not True"),
        ({"share": np.array([0.0, 1.5])}, "'Membrane.share' is 1.5; it must be at most 1.0"),
        ({"shape": "sqare"}, "did you mean 'square'"),
    ],
)
def test_a_checked_group_refuses_what_is_out_of_range(values, message):
    with pytest.raises(NeurorlError, match=re.escape(message)):
        Membrane(**values)


def test_a_checked_group_is_mapped_and_traced_without_being_checked():
    batch = Membrane(tau=jnp.array([1.0, 2.0]))
    axes = Membrane(tau=0, share=None)
    slope = jax.grad(lambda m: -m.tau * m.share)(Membrane())
    assert slope.tau == -0.5
    assert np.array_equal(jax.jit(jax.vmap(lambda m: m.tau * m.share, in_axes=(axes,)))(batch), [0.5, 1.0])


def test_numbers_of_numpy_are_numbers():
    made = Membrane(tau=np.float32(2.5), share=np.int64(1))
    assert (made.tau, made.share) == (2.5, 1)
    group = from_dict(Outer(), {"neurons": np.int64(3), "learning_rate": np.float32(0.5), "low": [np.float64(1.0), np.int32(2)]})
    assert (group.neurons, type(group.neurons), group.learning_rate, group.low) == (3, int, 0.5, (1.0, 2))
    with pytest.raises(NeurorlError, match="must be a finite number"):
        from_dict(Outer(), {"learning_rate": np.float32("nan")})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Actor(hazard=-1.0), "'Actor.hazard' is -1.0; it must be at least 0.0"),
        (lambda: Encoder(substeps=0), "'Encoder.substeps' is 0; it must be at least 1"),
        (lambda: Encoder(substeps=2.5), "'Encoder.substeps' must be a whole number, not 2.5"),
        (lambda: Encoder(carry=1), "'Encoder.carry' must be true or false, not 1"),
        (lambda: Homeostasis(scaling="L7"), "'Homeostasis.scaling' is 'L7'"),
        (lambda: PPO(learning_rate=-1.0), "learning_rate' is -1.0"),
        (lambda: PlaceCells(cells=0), "'PlaceCells.cells' is 0"),
        (lambda: SpikingActorCritic(code=OneHot(n=2), gamma=1.5), "'SpikingActorCritic.gamma' is 1.5"),
        (lambda: Modulation(others=("no_such:Modulator",)).init(), "cannot be imported as module:Class"),
    ],
)
def test_every_group_checks_itself_in_python_too(make, message):
    with pytest.raises(NeurorlError, match=re.escape(message)):
        make()


def test_no_parameter_group_is_unchecked():
    """Each dataclass with a documented field inherits the checks, whichever room it is in."""
    for package in (neurorl, neurorl_agents):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for kind in vars(module).values():
                if isinstance(kind, type) and kind.__module__ == found.name and dataclasses.is_dataclass(kind):
                    documented = any("help" in f.metadata for f in dataclasses.fields(kind))
                    assert not documented or issubclass(kind, Checked) or kind.__name__ in ("Options", "Head"), kind
