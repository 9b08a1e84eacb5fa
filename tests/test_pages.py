"""What README and docs show works: every block runs, every command is understood, every name and file that they name is there."""

import ast
import fnmatch
import importlib.util
import itertools
import json
import pkgutil
import re
import shlex
import sys
import tomllib
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import neurorl
from neurorl import agents, cli
from neurorl.errors import NeurorlError
from neurorl.runs import config
from tests import pages
from tests.pages import PAGES, ROOT

TEXTS = {page.name: pages.read(page) for page in PAGES}
BLOCKS = [(name, block) for name, text in TEXTS.items() for block in pages.blocks(text)]
RUN = sorted({name for name, block in BLOCKS if block.language in ("python", "bash") and not name.endswith(".py")})
ENVS = (
    "CartPole-v1",
    "FrozenLake-v1",
    "MemoryChain-bsuite",
    "neurorl/FpgaTelemetry-v0",
    "neurorl/ReversalBandit-v0",
    "Breakout-MinAtar",
)
PLACEHOLDERS = ("module:function", "my_", "=VALUE")  # what a reader fills in
every_page = pytest.mark.parametrize("page", TEXTS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder on the path, with training cut; what a page imports and registers is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NPROC", "1")
    monkeypatch.setattr(neurorl, "train", pages.cut_train(neurorl.train))
    modules, ids = set(sys.modules), set(gymnasium.registry)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if tmp_path in Path(getattr(sys.modules[name], "__file__", None) or "/").parents:
            del sys.modules[name]
    for name in set(gymnasium.registry) - ids:
        del gymnasium.registry[name]


def scripts(page):
    """Return every command that a page shows, in a block or between backticks, as (words, whether it stands in a block)."""
    shown = [(words, True) for b in pages.blocks(TEXTS[page]) if b.language == "bash" for words in pages.commands(b.text)]
    inline = [span for span in pages.spans(TEXTS[page]) if re.match(r"(neurorl [a-z]+|python -m|make|pip install)\b", span)]
    return shown + [(words, False) for span in inline for words in pages.commands(span.replace("...", ""))]


def resolve(name):
    """Return what ``package.module:Class.attribute`` names, or the same with dots only."""
    return pkgutil.resolve_name(name)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_every_block_of_a_page_runs(page, folder):
    ran = pages.run(TEXTS[page], folder, page, {"observation": np.zeros(4, np.float32)})
    assert len(ran) >= sum(block.language == "python" for block in pages.blocks(TEXTS[page]))


@every_page
def test_every_command_of_a_page_is_understood(page, capsys):
    makefile, project = (ROOT / "Makefile").read_text(), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for words, in_block in scripts(page):
        program, rest = words[0], words[1:]
        if program == "neurorl":
            told = [word for word in rest if not word.startswith("--")]
            assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= _flags(rest[0], capsys), words
            named = not in_block and (len(told) == 1 or rest[-1].startswith("--"))  # a command, or a flag of it, only named
            assert named or _understands(rest), f"{shlex.join(words)}: {capsys.readouterr().err}"
        elif program in ("python", "python3") and rest[:1] == ["-m"]:
            if rest[1] == "venv" or rest[1].endswith("NAME"):
                continue
            source = Path(importlib.util.find_spec(f"{rest[1]}.__main__" if _is_package(rest[1]) else rest[1]).origin).read_text()
            assert [flag for flag in rest if flag.startswith("--") and f'"{flag}"' not in source] == [], words
        elif program == "make":
            assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in rest), words
        elif program == "pip":
            extras = {extra for word in rest for extra in re.findall(r"\[([\w,]+)\]", word)}
            assert {e for extra in extras for e in extra.split(",")} <= set(project["optional-dependencies"]), words
        else:
            assert not in_block or program in (".", "pytest", "ruff", "mypy"), f"'{program}' of {page} is run by no test"


def _flags(command, capsys):
    """Return the flags that a command knows."""
    assert not _understands([command, "--help"])
    return set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)) | {"--help"}


def _understands(arguments):
    try:
        cli._parser().parse_args(["1" if word == "N" else word for word in arguments])
    except SystemExit:
        return False
    return True


def _is_package(module):
    return importlib.util.find_spec(module).submodule_search_locations is not None


@every_page
def test_every_setting_of_a_page_is_one(page):
    asked = [(words, [b for a, b in itertools.pairwise(words) if a == "--set"]) for words, _ in scripts(page)]
    for span in pages.spans(TEXTS[page]):
        if re.fullmatch(r"(--set )?[a-z_]+\.\w+=\S+( --set \S+=\S+)*", span) or span.startswith("--set "):
            asked.append(([], [word for word in shlex.split(span) if "=" in word]))
    for words, settings in asked:
        if settings and not any(mark in word for word in (*words, *settings) for mark in PLACEHOLDERS):
            task = [words[2]] if words[1:2] == ["train"] and words[2] != "ENV" else ENVS
            agent = [words[words.index("--agent") + 1]] if "--agent" in words else agents.names()
            assert _accepted(task, agent, settings), f"no agent takes {settings}"


def _accepted(envs, names, settings):
    for env in envs:
        for name in names:
            try:
                config.build(env, name, {}, config.parse_settings(settings))
                return True
            except NeurorlError:
                continue
    return False


@every_page
def test_every_name_of_a_page_is_there(page):
    for span in pages.spans(TEXTS[page]):
        if re.fullmatch(r"(neurorl|experiments)(\.\w+)*(:[\w.]+)?(\(.*\))?", span) and "NAME" not in span:
            assert resolve(span.partition("(")[0]) is not None


@pytest.mark.parametrize(("page", "block"), [(page, block) for page, block in BLOCKS if block.language == "python"])
def test_every_import_of_a_block_is_there(page, block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and not node.module.startswith("my_"):
            for alias in node.names:
                assert resolve(f"{node.module}.{alias.name}") is not None


@every_page
def test_every_file_of_a_page_is_there(page):
    text, folder = TEXTS[page], next(path for path in PAGES if path.name == page).parent
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert target.startswith("http") or (folder / target).exists(), f"the link to {target} leads nowhere"
    files = [
        file for folder in ("neurorl", "agents", "envs", "experiments", "tests", "docs") for file in (ROOT / folder).rglob("*")
    ]
    known = ["/" + file.relative_to(ROOT).as_posix() for file in files]
    for span in re.findall(r"`((?!runs/|my_)[\w/*.-]+/[\w*.-]+\.(?:py|json|md|png|toml)|(?!my_)[\w*]+\.py)`", text):
        assert any(fnmatch.fnmatch(file, f"*/{span}") for file in known), f"there is no file {span}"


@every_page
def test_every_function_of_a_file_that_a_page_names_is_there(page):
    for row in re.findall(r"`[\w/]+/\w+\.py`(?:,? `[\w.]+`)+", TEXTS[page]):
        names, folder = set(), None
        for span in re.findall(r"`([\w./]+)`", row):
            if span.endswith(".py"):
                found = [
                    path for base in (folder, ROOT, ROOT / "neurorl", ROOT / "envs") if base and (path := base / span).exists()
                ]
                assert found, f"there is no file {span}"
                names, folder = _defined(found[0]), found[0].parent
            else:
                assert span in names, f"{span} is not in {row}"


def _defined(file):
    """Return the names of the functions, classes and methods of a file."""
    names = set()
    for node in ast.parse(file.read_text()).body:
        if hasattr(node, "name"):
            names |= {node.name, *(f"{node.name}.{child.name}" for child in node.body if hasattr(child, "name"))}
    return names


def test_the_mapping_page_names_every_room_of_the_substrate():
    names = [span for span in pages.spans(TEXTS["from-omega-snn-and-neuromod.md"]) if ":" in span]
    for room in ("neurons", "synapses", "codes", "plasticity", "homeostasis", "neuromodulation", "networks", "analysis"):
        assert any(name.startswith(f"neurorl.{room}.") for name in names)


def solved(run):
    return sum(step is not None for step in run.summary["steps_to_threshold"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "beginning", "seeds", "least"),
    [
        ("using.md", "neurorl train CartPole-v1 --seeds 10", 10, 9),
        ("using.md", "neurorl train CartPole-v1 --seeds 30", 30, 28),
        ("using.md", "neurorl train FrozenLake-v1", 10, 6),
    ],
)
def test_a_command_learns_what_its_page_says(page, beginning, seeds, least, tmp_path):
    (command,) = {shlex.join(words) for words, _ in scripts(page) if shlex.join(words).startswith(beginning)}
    assert cli.main([*shlex.split(command)[1:], "--out", str(tmp_path / "run"), "--quiet"]) == 0
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert len(summary["seeds"]) == seeds
    assert sum(step is not None for step in summary["steps_to_threshold"]) >= least


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```python\n# broken.py\n1 / 0\n```\n\n```python\nimport broken\n```\n", ZeroDivisionError),
        ("```bash\nneurorl train Nowhere-v0\n```\n", AssertionError),
        ("```python\nx = 1.5\nx  # 1.25, or more\n```\n", AssertionError),
    ],
)
def test_a_block_that_fails_is_noticed(page, error, folder):
    with pytest.raises(error):
        pages.run(page, folder)


def test_what_a_block_writes_is_not_there_before(folder):
    pages.run('```python\nout="second.toml"\nfirst = "first.toml"\n```\n', folder)
    assert [path.name for path in folder.iterdir()] == ["first.toml"]


def test_blocks_are_cut_and_what_they_say_is_compared(folder):
    text = '```python\nx = "met"\nx  # "met", "not_met"\n```\n\n```bash\nmake a && neurorl list  # all\n```\n'
    assert pages.run(text, folder) == ["python", "neurorl list"]
    assert pages.commands(pages.blocks(text)[1].text) == [["make", "a"], ["neurorl", "list"]]
    assert pages.cut(["train", "X", "--steps", "100"])[-3:] == ["--seeds=4", "--eval-every=200", "--quiet"]
    assert pages.literals("-0.4; None where it is missing") == [-0.4]
    assert pages.literals("what it is") == []
