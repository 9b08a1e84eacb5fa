"""The simulators that are installed, by name and version in every test's id, and their results, simulated once a session."""

import functools

import pytest

from experiments import simulators
from experiments.simulators.scenarios import SCENARIOS

VERSIONS = simulators.installed()


def pytest_generate_tests(metafunc):
    """Run a test that asks for ``simulator`` once with each one, and with ``scenario`` too, with each of its scenarios."""
    if {"simulator", "scenario"} <= set(metafunc.fixturenames):
        pairs = [(simulator, name) for name, scenario in SCENARIOS.items() for simulator in scenario.simulators]
        metafunc.parametrize(("simulator", "scenario"), pairs, ids=[f"{label(s)}, {name}" for s, name in pairs])
    elif "simulator" in metafunc.fixturenames:
        metafunc.parametrize("simulator", list(simulators.SIMULATORS), ids=label)


def label(simulator):
    return f"{simulator} {VERSIONS.get(simulator, 'absent')}"


@pytest.fixture(scope="session")
def theirs():
    """Return a function from a simulator and a scenario to its traces; it skips where the simulator is absent."""

    @functools.cache
    def simulate(simulator, name):
        if simulator not in VERSIONS:
            pytest.skip(f"{simulator} is not installed")
        scenario = SCENARIOS[name]
        return getattr(simulators.find(simulator), scenario.experiment)(**scenario.arguments)

    return simulate
