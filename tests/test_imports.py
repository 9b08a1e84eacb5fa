"""Imports point one way: neurons know nothing of learning, learning nothing of agents, and agents nothing of environments."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "neurorl.neurons": "neurorl/neurons",
    "neurorl.codes": "neurorl/codes",
    "neurorl.synapses": "neurorl/synapses",
    "neurorl.plasticity": "neurorl/plasticity",
    "neurorl.homeostasis": "neurorl/homeostasis",
    "neurorl.neuromodulation": "neurorl/neuromodulation",
    "neurorl.analysis": "neurorl/analysis",
    "neurorl.networks": "neurorl/networks",
    "neurorl.layers": "neurorl/layers",
    "neurorl.envs": "envs",
    "neurorl.agents": "agents",
}
HOUSE = ("neurorl.loops", "neurorl.results", "neurorl.runs", "neurorl.sweeps", "neurorl.commands", "neurorl.cli")
OUTER = (
    "neurorl.agents",
    "neurorl.envs",
    "neurorl.loops",
    "neurorl.results",
    "neurorl.runs",
    "neurorl.sweeps",
    "neurorl.commands",
    "neurorl.cli",
)
LEARNING = ("neurorl.plasticity", "neurorl.homeostasis", "neurorl.neuromodulation")
FORBIDDEN = {
    **dict.fromkeys(("neurorl.neurons", "neurorl.codes", "neurorl.synapses"), ("neurorl.networks", *LEARNING, *OUTER)),
    **dict.fromkeys(("neurorl.plasticity", "neurorl.homeostasis"), ("neurorl.neuromodulation", "neurorl.networks", *OUTER)),
    "neurorl.neuromodulation": ("neurorl.networks", *OUTER),
    "neurorl.analysis": ("neurorl.networks", *LEARNING, *OUTER),
    "neurorl.networks": OUTER,
    "neurorl.layers": ("neurorl.networks", "neurorl.neuromodulation", *OUTER),
    "neurorl.envs": ("neurorl.agents",),
    "neurorl.agents": ("neurorl.envs",),
}


def imported(source, package):
    """Return the dotted names that a module of ``package`` imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *filter(None, [node.module])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def within(name, packages):
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_lies_below_it(package):
    folder = ROOT / FOLDERS[package]
    files = sorted(folder.rglob("*.py"))
    assert files, f"no module in {folder}"
    for file in files:
        home = ".".join([package, *file.relative_to(folder).parts[:-1]])
        wrong = sorted(name for name in imported(file.read_text(), home) if within(name, FORBIDDEN[package]))
        assert not wrong, f"{file.relative_to(ROOT)} imports {', '.join(wrong)}"


def test_the_reader_of_imports_sees_every_form():
    source = """
import neurorl.agents.contract as contract
from neurorl import envs
def late():
    from neurorl.runs.run import Run
    from .. import cli
    from .dopamine import release
"""
    assert imported(source, "neurorl.neuromodulation") == {
        "neurorl.agents.contract",
        "neurorl.envs",
        "neurorl.runs.run.Run",
        "neurorl.cli",
        "neurorl.neuromodulation.dopamine.release",
    }
