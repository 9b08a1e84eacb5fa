"""The reference: a page for each package with every public symbol of its modules, written from their docstrings.

The build fails where a public symbol is on no page: what is public is read from the sources, what is on the pages from the
inventory (``objects.inv``) that the site offers to others.
"""

import ast
import importlib
import re
import shutil
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
TREE = ROOT / "build/reference"  # the package as it is installed, which no folder of the repository is
SEVERAL = re.compile(r"^( +)(\w+(?:, \w+)+): (.*(?:\n\1 +.*)*)", re.MULTILINE)
MATH = re.compile(r"^\.\. math:: (.+)$", re.MULTILINE)
ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`(~?)([\w.]+)`")


def packages() -> dict[str, Path]:
    """Return every package and its folder, as ``pyproject.toml`` lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    return {name: _folder(name, settings["package-dir"]) for name in settings["packages"]}


def _folder(package: str, moved: dict[str, str]) -> Path:
    for name, folder in moved.items():
        if package == name or package.startswith(name + "."):
            return ROOT / folder / package.removeprefix(name).replace(".", "/").lstrip("/")
    return ROOT / package.replace(".", "/")


def modules(package: str, folder: Path) -> list[str]:
    """Return the names of a package's own modules, itself first."""
    names = [file.stem for file in sorted(folder.glob("*.py")) if not file.stem.startswith("_")]
    return [package, *(f"{package}.{name}" for name in names)]


def public(module: str, file: Path) -> list[str]:
    """Return the public functions, classes and methods that a module defines, as ``module.Class.method``."""
    found = []
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.append(f"{module}.{node.name}")
            if isinstance(node, ast.ClassDef):
                inner = [child.name for child in node.body if isinstance(child, ast.FunctionDef | ast.ClassDef)]
                found += [f"{module}.{node.name}.{name}" for name in inner if not name.startswith("_")]
    return found


def exported() -> list[str]:
    """Return every name of an ``__all__``, as ``package.name``."""
    names = []
    for package in packages():
        names += [f"{package}.{name}" for name in getattr(importlib.import_module(package), "__all__", []) if name[0] != "_"]
    return names


def all_public() -> list[str]:
    """Return every public symbol of every module, and every exported name."""
    found = exported()
    for package, folder in packages().items():
        for module in modules(package, folder):
            file = folder / ("__init__.py" if module == package else f"{module.rpartition('.')[2]}.py")
            found += public(module, file)
    return found


def inventory(file: Path) -> set[str]:
    """Return the names in a Sphinx inventory: four lines of head, then compressed rows that each begin with a name."""
    rows = zlib.decompress(file.read_bytes().split(b"\n", 4)[4]).decode().splitlines()
    return {row.split(" ")[0] for row in rows}


class House(griffe.Extension):
    """What docstrings here look like: Sphinx's roles and equations, several parameters a line, comments for fields."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite a docstring as it is found; a field has the help of its hyperparameter, or the comment beside or above it."""
        if isinstance(obj, griffe.Attribute) and not obj.docstring and (said := _help(obj) or _comment(obj)):
            obj.docstring = griffe.Docstring(said, parent=obj, lineno=obj.lineno)
        if obj.docstring:
            text = SEVERAL.sub(_apart, obj.docstring.value)
            text = MATH.sub(r"$$\n\1\n$$", text)
            obj.docstring.value = ROLE.sub(lambda match: _link(obj, match), text)


def _apart(match: re.Match[str]) -> str:
    return "\n".join(f"{match[1]}{name}: {match[3]}" for name in match[2].split(", "))


def _link(obj: griffe.Object, match: re.Match[str]) -> str:
    """Return what stands for a role: a link, or the name alone where it is another library's."""
    first, _, rest = match[2].partition(".")
    path, around = match[2], obj
    while around is not None:  # the innermost object that has such a name
        if first in around.members:
            member = around.members[first]
            home = member.target_path if isinstance(member, griffe.Alias) else member.path
            path = f"{home}.{rest}" if rest else home
            break
        around = around.parent  # type: ignore[assignment]
    shown = match[2].rpartition(".")[2] if match[1] else match[2]
    return f"[`{shown}`][{path}]" if path.startswith("neurorl.") else f"`{shown}`"


def _help(field: griffe.Attribute) -> str:
    """Return the help of ``field: type = parameter(default, "help")``."""
    value = field.value
    if not isinstance(value, griffe.ExprCall) or str(value.function) != "parameter" or len(value.arguments) < 2:
        return ""
    said = value.arguments[1]
    return str(ast.literal_eval(said)).capitalize() if isinstance(said, str) else ""


def _comment(field: griffe.Attribute) -> str:
    """Return the comment beside an assignment, or those above it."""
    if not field.lineno or field.filepath not in field.lines_collection.keys():  # noqa: SIM118 - it is no mapping
        return ""
    lines = field.lines_collection[field.filepath]
    beside = lines[field.lineno - 1].partition("  # ")[2]
    above = []
    for line in reversed(lines[: field.lineno - 1]):
        if not line.strip().startswith("# "):
            break
        above.insert(0, line.strip().removeprefix("# "))
    return beside or " ".join(above)


def _page(package: str, folder: Path) -> str:
    nodes = ast.parse((folder / "__init__.py").read_text()).body
    own = [name for node in nodes for name in _defined(node) if not name.startswith("_")]
    rows = [f"::: {package}", "    options:", "      heading_level: 1", f"      members: {own or 'false'}", ""]
    return "\n".join([*rows, *(f"::: {module}\n" for module in modules(package, folder)[1:])])


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _says(value: Any) -> str:
    """Return the first line of what documents a name: its own, or its module's where that is the one that explains."""
    first = (value.__doc__ or "").strip().splitlines()[0]
    module = (sys.modules[value.__module__].__doc__ or "").strip().splitlines()[0]
    return module if first.startswith("Constants") or "module's docstring" in first else first


def _overview(names: list[str]) -> str:
    rows = ["# Reference\n", "What a user writes is exported flat, as `neurorl.NAME`:\n", "| name | |", "|---|---|"]
    for name in sorted((name for name in names if name.startswith("neurorl.") and name.count(".") == 1), key=str.lower):
        value = getattr(importlib.import_module("neurorl"), name.partition(".")[2])
        home = f"{value.__module__}.{value.__qualname__}"
        rows.append(f"| [`{name}`][{home}] | {_says(value)} |")
    rows += ["\nEverything, a page for each package:\n", "| package | |", "|---|---|"]
    for package, folder in packages().items():
        doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
        rows.append(f"| [{package}]({package}.md) | {doc.splitlines()[0] if doc else ''} |")
    return "\n".join(rows) + "\n"


def on_startup(command: str, dirty: bool) -> None:
    """Make the folder of the sources, which mkdocstrings looks for before ``on_config``; one that is not there is not read."""
    TREE.mkdir(parents=True, exist_ok=True)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name the pages in the navigation, and lay out the package as it is when installed."""
    section = next(entry for entry in config.nav or [] if "Reference" in entry)
    section["Reference"] = ["reference/index.md", *({package: f"reference/{package}.md"} for package in packages())]
    shutil.rmtree(TREE, ignore_errors=True)
    for place, folder in {"neurorl": "neurorl", "neurorl/envs": "envs", "neurorl/agents": "agents"}.items():
        shutil.copytree(ROOT / folder, TREE / place, ignore=shutil.ignore_patterns("__pycache__"))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    files.append(File.generated(config, "reference/index.md", content=_overview(exported())))
    for package, folder in packages().items():
        files.append(File.generated(config, f"reference/{package}.md", content=_page(package, folder)))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Fail where a public symbol is on no page."""
    missing = sorted(set(all_public()) - inventory(Path(config.site_dir) / "objects.inv"))
    if missing:
        raise PluginError(f"{len(missing)} public symbols are not in the reference: {', '.join(missing)}")
