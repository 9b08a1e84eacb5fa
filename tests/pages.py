"""Pages read as a reader would: their blocks run from top to bottom in an empty folder, what they name is looked up.

Training is cut to what a test has time for, by flags appended to a command and by a cap on the arguments of ``neurorl.train``
(``CUT``); nothing else of a block is changed. A file that a page takes for granted, such as a run or a report of one's own, is
supplied by ``supply`` under the name that the page gives it.
"""

import ast
import importlib
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import neurorl
from neurorl import cli

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted(ROOT.glob("docs/tutorials/*.py"))  # notebooks as text, which `make docs` runs
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *TUTORIALS])
CUT = {"seeds": 4, "steps": 400, "eval_every": 200}  # the most of each that a block's training gets
LONG = {"neurorl/FpgaTelemetry-v0": "env.max_steps_in_episode=60"}  # episodes that take films and evaluations long
REPORTS = ROOT / "tests/envs/fpga/reports/written"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w-]+\.\w+)\n")  # the first line of a block that is a file
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SWEEP = 'env = "CartPole-v1"\nagent = "random"\nsteps = 100\neval_every = 100\nseeds = 2\n'


class Block(NamedTuple):
    """A fenced block."""

    language: str
    text: str
    line: int  # of the page, from 0


def read(page):
    """Return a page as Markdown; of a notebook the cells of text, for its code is run when the site is built."""
    text = page.read_text()
    if page.suffix != ".py":
        return text
    cells = re.split(r"^# %%", text, flags=re.MULTILINE)
    told = [cell.removeprefix(" [markdown]\n") for cell in cells if cell.startswith(" [markdown]\n")]
    return "\n".join(re.sub(r"^# ?", "", cell, flags=re.MULTILINE) for cell in told)


def blocks(text):
    """Return the fenced blocks of a page."""
    return [Block(*match.groups(), text.count("\n", 0, match.start(2))) for match in FENCE.finditer(text)]


def spans(text):
    """Return what stands between single backticks, outside of blocks."""
    return SPAN.findall(FENCE.sub("", text))


def commands(script):
    """Return the commands of a bash block, each a list of words."""
    lines = script.replace("\\\n", " ").splitlines()
    return [words for line in lines for words in _split(shlex.split(line, comments=True)) if words]


def _split(words):
    """Split ``a && b`` into its commands."""
    parts = [[]]
    for word in words:
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def run(text, folder, source="page", names=None):
    """Run every block of a page in ``folder``, the working directory; return what ran, a word or two each.

    Args:
        text: The page. Blocks of TOML and Python that begin with a comment that is a file's name are written as that file.
        folder: An empty folder.
        source: Named in tracebacks, with the page's lines.
        names: What Python blocks may take for granted.
    """
    ran, names = [], {"__name__": "__page__", **(names or {})}
    for block in blocks(text):
        named = FILE.match(block.text)
        if named and block.language != "bash":
            (folder / named[1]).write_text(block.text)
            importlib.invalidate_caches()
            ran.append(named[1])
    for block in blocks(text):
        if block.language == "python" and not FILE.match(block.text):
            run_python(block, folder, source, names)
            ran.append("python")
        elif block.language == "bash":
            for program, *arguments in commands(block.text):
                if program == "neurorl":
                    supply(arguments, folder)
                    assert cli.main(cut(arguments)) == 0, f"{source}:{block.line}: neurorl {shlex.join(arguments)}"
                    ran.append(f"neurorl {arguments[0]}")
    return ran


def run_python(block, folder, source, names):
    """Run a Python block, and compare every ``expression  # literal`` of it with what it says."""
    supply(re.findall(r'(?<!out=)"([^"\s]+)"', block.text), folder)  # what a block writes it makes itself
    lines = block.text.splitlines()
    for statement in ast.parse(block.text).body:
        code = ast.Module([ast.increment_lineno(statement, block.line)], type_ignores=[])
        if not isinstance(statement, ast.Expr):
            exec(compile(code, source, "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), source, "eval"), names)
        said = literals(lines[statement.end_lineno - block.line - 1].partition("  # ")[2])
        assert not said or value in said, f"{source}:{statement.lineno}: {value!r}, where the page says {said}"


def literals(comment):
    """Return the numbers and strings that a comment begins with, as in ``-0.4; None where`` or ``"met", "not_met"``."""
    found = []
    for part in re.split(r"[,;] ", comment):
        try:
            found.append(ast.literal_eval(part))
        except (ValueError, SyntaxError):
            break
    return found


def cut(arguments):
    """Return the arguments of a command, training cut to ``CUT``: the last of two equal flags counts."""
    if arguments[0] != "train":
        return arguments
    flags = {"seeds": 10, "steps": 20_000, "eval_every": 1_000}
    for flag in flags:
        name = "--" + flag.replace("_", "-")
        if name in arguments:
            flags[flag] = int(arguments[arguments.index(name) + 1])
    short = [f"--{flag.replace('_', '-')}={min(value, CUT[flag])}" for flag, value in flags.items() if value > CUT[flag]]
    episodes = ["--set", LONG[arguments[1]]] if arguments[1] in LONG else []
    return [*arguments, *short, *episodes, "--quiet"]


def cut_train(train):
    """Return ``neurorl.train`` with its arguments cut to ``CUT``."""

    def short(*arguments, **options):
        return train(*arguments, **{**options, **{name: min(options.get(name, most), most) for name, most in CUT.items()}})

    return short


def supply(arguments, folder):
    """Make what a command or block takes for granted: a finished run, a description of a sweep, a report."""
    for before, argument in zip([None, *arguments], arguments, strict=False):
        path = folder / argument
        if before == "--out" or path.exists():
            continue
        if re.fullmatch(r"runs/[\w-]+", argument):
            if not (small := folder / ".supplied").exists():
                neurorl.train("CartPole-v1", "random", seeds=2, steps=200, eval_every=100, out=small)
            shutil.copytree(small, path)
        elif argument.endswith(".toml"):
            path.write_text(SWEEP)
        elif argument.endswith(".rpt"):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPORTS / (path.name if (REPORTS / path.name).exists() else "timing.rpt"), path)
