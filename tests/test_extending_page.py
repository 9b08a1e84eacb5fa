"""The page docs/extending.md, run from top to bottom as a reader would."""

import importlib
import re
import shlex
import sys
from pathlib import Path

import gymnasium
import pytest

from neurorl import cli

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder on the path; what the page imports and registers is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NPROC", "1")
    modules, ids = set(sys.modules), set(gymnasium.registry)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).is_relative_to(tmp_path):
            del sys.modules[name]
    for name in set(gymnasium.registry) - ids:
        del gymnasium.registry[name]


def run_page(text, folder, source="page"):
    """Write the blocks that name a file, run the other Python blocks and every `neurorl` command; return what ran."""
    ran, names = [], {"__name__": "__page__"}
    for match in FENCE.finditer(text):
        language, block = match.groups()
        line = text.count("\n", 0, match.start(2))
        if language == "python" and (file := FILE.match(block)):
            (folder / file[1]).write_text(block)
            importlib.invalidate_caches()
            ran.append(file[1])
        elif language == "python":
            exec(compile("\n" * line + block, source, "exec"), names)
            ran.append("python")
        elif language == "bash":
            for command in block.replace("\\\n", " ").splitlines():
                program, *arguments = shlex.split(command, comments=True) or [""]
                if program == "neurorl":
                    assert cli.main([*arguments, "--quiet"] if arguments[0] == "train" else arguments) == 0, command
                    ran.append(f"neurorl {arguments[0]}")
    return ran


@pytest.mark.slow
def test_every_block_of_the_page_runs(folder):
    section = ["python", "neurorl train"]
    expected = ["my_agents.py", *section, "my_rules.py", *section, "my_envs.py", *section, "neurorl evaluate"]
    assert run_page(PAGE.read_text(), folder, str(PAGE)) == expected


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```python\n# broken.py\n1 / 0\n```\n\n```python\nimport broken\n```\n", ZeroDivisionError),
        ("```bash\nneurorl train Nowhere-v0\n```\n", AssertionError),
    ],
)
def test_a_block_that_fails_is_noticed(page, error, folder):
    with pytest.raises(error):
        run_page(page, folder)
