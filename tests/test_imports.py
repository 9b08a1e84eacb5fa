"""Imports point one way: neurons know nothing of learning, learning nothing of agents, and agents nothing of environments."""

import ast
import tomllib
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
    "neurorl.kernels": "neurorl/kernels",
    "neurorl.envs": "envs",
    "neurorl.agents": "agents",
    "neurorl.nir": "neurorl/nir",
    "neurorl.exchange": "neurorl/exchange",
    "neurorl.results": "neurorl/results",
    "neurorl.loops": "neurorl/loops",
    "neurorl.loggers": "neurorl/loggers",
    "neurorl.runs": "neurorl/runs",
    "neurorl.sweeps": "neurorl/sweeps",
    "neurorl.commands": "neurorl/commands",
}
HOUSE = (
    "neurorl.loops",
    "neurorl.results",
    "neurorl.loggers",
    "neurorl.runs",
    "neurorl.exchange",
    "neurorl.sweeps",
    "neurorl.commands",
    "neurorl.cli",
)
OUTER = ("neurorl.agents", "neurorl.nir", "neurorl.envs", *HOUSE)
SUBSTRATE = ("neurorl.neurons", "neurorl.codes", "neurorl.synapses", "neurorl.networks", "neurorl.kernels", "neurorl.analysis")
LEARNING = ("neurorl.plasticity", "neurorl.homeostasis", "neurorl.neuromodulation")
FORBIDDEN = {
    **dict.fromkeys(("neurorl.neurons", "neurorl.codes", "neurorl.synapses"), ("neurorl.networks", *LEARNING, *OUTER)),
    **dict.fromkeys(("neurorl.plasticity", "neurorl.homeostasis"), ("neurorl.neuromodulation", "neurorl.networks", *OUTER)),
    "neurorl.neuromodulation": ("neurorl.networks", *OUTER),
    "neurorl.analysis": ("neurorl.networks", *LEARNING, *OUTER),
    "neurorl.networks": OUTER,
    "neurorl.kernels": ("neurorl.networks", "neurorl.neuromodulation", *OUTER),
    "neurorl.envs": ("neurorl.agents", *HOUSE),
    "neurorl.agents": ("neurorl.nir", "neurorl.envs", *HOUSE),
    "neurorl.nir": ("neurorl.envs", *HOUSE),
    # Results are read without an environment and without an agent.
    "neurorl.results": (*SUBSTRATE, *LEARNING, *(room for room in OUTER if room != "neurorl.results")),
    # Loggers are told of runs and know none.
    "neurorl.loggers": (*SUBSTRATE, *LEARNING, *(room for room in OUTER if room not in ("neurorl.results", "neurorl.loggers"))),
    "neurorl.loops": tuple(room for room in HOUSE if room != "neurorl.loops"),
    "neurorl.runs": ("neurorl.exchange", "neurorl.sweeps", "neurorl.commands", "neurorl.cli"),
    "neurorl.exchange": ("neurorl.runs", "neurorl.sweeps", "neurorl.commands", "neurorl.cli"),
    "neurorl.sweeps": ("neurorl.commands", "neurorl.cli"),
    "neurorl.commands": ("neurorl.cli",),
}


def imported(source, package, types=True):
    """Return the dotted names that a module of ``package`` imports, wherever in it; without ``types`` not what only they need."""
    names, tree = set(), ast.parse(source)
    for node in list(ast.walk(tree)):
        if not types and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
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


def modules():
    """Return the file of every module of the package, by dotted name."""
    found = {f"neurorl.{file.stem}": file for file in (ROOT / "neurorl").glob("*.py") if file.stem != "__init__"}
    for package, folder in FOLDERS.items():
        for file in (ROOT / folder).rglob("*.py"):
            parts = file.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join([package, *parts]).removesuffix(".__init__")] = file
    return found


def circle(graph):
    """Return the modules of a circle of imports, or []."""
    done, way = set(), []

    def visit(module):
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        way.append(module)
        found = next(filter(None, map(visit, sorted(graph[module]))), [])
        way.pop()
        done.add(module)
        return found

    return next(filter(None, map(visit, sorted(graph))), [])


def test_no_import_runs_in_a_circle_not_even_one_within_a_function():
    known, graph = modules(), {}
    for module, file in known.items():
        package = module if file.stem == "__init__" else module.rpartition(".")[0]
        names = imported(file.read_text(), package, types=False)
        # `from package import module` needs the module and not what else the package's __init__ brings.
        graph[module] = {name if name in known else name.rpartition(".")[0] for name in names} & set(known) - {module}
    assert len(graph) > 100
    assert circle(graph) == []


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_the_reader_of_imports_sees_every_form():
    source = """
import neurorl.agents.contract as contract
from neurorl import envs
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from neurorl.analysis import plots
def late():
    from neurorl.runs.run import Run
    from .. import cli
    from .dopamine import release
"""
    needed = {
        "typing.TYPE_CHECKING",
        "neurorl.agents.contract",
        "neurorl.envs",
        "neurorl.runs.run.Run",
        "neurorl.cli",
        "neurorl.neuromodulation.dopamine.release",
    }
    assert imported(source, "neurorl.neuromodulation", types=False) == needed
    assert imported(source, "neurorl.neuromodulation") == needed | {"neurorl.analysis.plots"}


def test_every_package_is_installed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = [
        path.parent.relative_to(ROOT) for part in ("neurorl", "agents", "envs") for path in (ROOT / part).rglob("__init__.py")
    ]
    names = {".".join(folder.parts) for folder in folders}
    assert set(listed) == {name if name.startswith("neurorl") else f"neurorl.{name}" for name in names}
