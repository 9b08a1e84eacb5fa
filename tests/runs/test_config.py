"""Keys of config.json, as `--set` and Python take them."""

import gymnasium
import pytest
from gymnasium import spaces

from neurorl import agents, cli
from neurorl.errors import NeurorlError
from neurorl.runs import config


class Mixed(gymnasium.Env):
    """A Dict of a point and a mode: its codes are joined."""

    observation_space = spaces.Dict(point=spaces.Box(-1.0, 1.0, (2,)), mode=spaces.Discrete(3))
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return {"point": self.np_random.uniform(-1, 1, 2), "mode": 2}, {}

    def step(self, action):
        return {"point": self.np_random.uniform(-1, 1, 2), "mode": 0}, 1.0, False, False, {}


def test_every_key_of_joined_codes_is_listed_and_can_be_set(capsys, monkeypatch):
    monkeypatch.setitem(gymnasium.registry, "Mixed-v0", gymnasium.envs.registration.EnvSpec("Mixed-v0", entry_point=Mixed))
    assert cli.main(["list", "Mixed-v0"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert "agent.code.parts[0].cells" in listed
    parts = config.build("Mixed-v0", "spiking-actor-critic", {}, {"agent.code.parts[0].cells": 32, "winners": 2}).agent.code.parts
    assert (parts[0].cells, parts[0].winners, parts[1].states) == (32, 2, (3,))
    with pytest.raises(NeurorlError, match=r"unknown parameter 'agent.code.parts\[7\].cells'"):
        config.build("Mixed-v0", "spiking-actor-critic", {}, {"agent.code.parts[7].cells": 32})
    with pytest.raises(NeurorlError, match=r"'agent.code.parts\[0\].cells' is 1; it must be at least 2"):
        config.build("Mixed-v0", "spiking-actor-critic", {}, {"agent.code.parts[0].cells": 1})


CHOICE, TORQUE = spaces.Discrete(2), spaces.Box(-1.0, 1.0, (1,))
VECTOR = spaces.Box(-1.0, 1.0, (4,))


@pytest.mark.parametrize(
    ("observation_space", "action_space", "agent"),
    [
        (spaces.Discrete(16), CHOICE, "spiking-deep"),
        (spaces.Tuple([spaces.Discrete(3), spaces.MultiBinary(4)]), CHOICE, "spiking-deep"),
        (spaces.Box(0.0, 1.0, (10, 10, 4)), CHOICE, "spiking-deep"),
        (spaces.Box(0.0, 1.0, (10, 5)), CHOICE, "spiking-deep"),
        (spaces.Box(0.0, 1.0, (210, 160, 3)), CHOICE, "spiking-actor-critic"),
        (VECTOR, TORQUE, "spiking-deep"),
        (VECTOR, CHOICE, "spiking-actor-critic"),
        (spaces.Dict(state=spaces.Discrete(3), place=VECTOR), CHOICE, "spiking-actor-critic"),
    ],
)
def test_where_no_agent_is_named_it_is_the_one_of_most_tasks_but_where_boxes_are_answered_by_choices(
    observation_space, action_space, agent
):
    assert agents.usual(observation_space, action_space) == agent


def test_the_usual_agent_is_the_one_of_the_spaces_and_a_name_goes_before_it():
    assert config.build("Breakout-MinAtar", None, {}, {}).agent_id == "spiking-deep"
    assert config.build("Breakout-MinAtar", "random", {}, {}).agent_id == "random"
    assert config.build(Mixed, None, {}, {}).agent_id == "spiking-actor-critic"
