"""Pages link to files of the repository: on the site these links lead to a copy, or to what the site makes of the file.

A page of ``docs`` names other files by relative paths, which work where the repository is read. Here the README and its
companions become pages, images and tables are copied, modules lead to their reference, other text to a page with the source.
"""

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "experiments/README.md": "experiments.md",
}
COPIED = {".png", ".json", ".webp", ".gif", ".mp4", ".rpt"}
LANGUAGES = {".py": "python", ".toml": "toml", ".c": "c"}
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]+)?(\))")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ORIGINS = {site: origin for origin, site in PAGES.items()}


def origin(uri: str) -> str:
    """Return the path in the repository of a page of the site."""
    return _ORIGINS.get(uri, f"docs/{uri}")


def links(text: str, page: str) -> list[str]:
    """Return what a page links to outside of blocks of code: paths within the repository, from its root."""
    found = LINK.findall(FENCE.sub("", text))
    return [_within(page, target) for _, target, _, _ in found if "://" not in target]


def _within(page: str, target: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(page), target))


def place(path: str) -> str:
    """Return where on the site a path of the repository is: a source uri of MkDocs, with an anchor or without."""
    file = ROOT / path
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        notebook = file.parent.name == "tutorials" and file.suffix == ".py"
        return path.removeprefix("docs/").replace(".py", ".md") if notebook else path.removeprefix("docs/")
    if file.suffix in COPIED:
        return path
    top, parts = path.split("/")[0], path.removesuffix(".py").split("/")
    if top in ("neurorl", "agents", "envs") and (file.suffix == ".py" or len([*file.glob("*.py")]) > 1):
        module = ".".join(parts if top == "neurorl" else ["neurorl", *parts])
        return f"reference/{module if file.is_dir() else module.rpartition('.')[0]}.md#{module}"
    if file.is_dir() and (file / "README.md").exists():
        return PAGES[f"{path}/README.md"]
    return f"source/{path}.md"


def source(path: str) -> str:
    """Return a page that shows a text file, or all text files of a folder."""
    file = ROOT / path
    if not file.is_dir():
        return f"# {path}\n\n````{LANGUAGES.get(file.suffix, 'text')}\n{file.read_text()}\n````\n"
    inner = sorted(child for child in file.iterdir() if child.suffix in LANGUAGES and child.name != "__init__.py")
    return f"# {path}\n\n" + "\n".join(source(child.relative_to(ROOT).as_posix()).replace("# ", "## ", 1) for child in inner)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and files from outside ``docs`` that pages link to."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / path).read_text()))
    for file in list(files.documentation_pages()):
        for path in links(file.content_string, origin(file.src_uri)):
            uri = place(path).partition("#")[0]
            if files.get_file_from_path(uri) or not (ROOT / path).exists() or uri.startswith("reference/"):
                continue
            if uri.startswith("source/"):
                files.append(File.generated(config, uri, content=source(path)))
            elif (ROOT / path).suffix in COPIED:
                files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a page that is in the repository into those of the site."""
    here = origin(page.file.src_uri)
    if not (ROOT / here).exists() and not (ROOT / here).with_suffix(".py").exists():
        return markdown

    def link(match: re.Match[str]) -> str:
        before, target, anchor, after = match.groups()
        if "://" in target:
            return match[0]
        uri, _, default = place(_within(here, target)).partition("#")
        uri = os.path.relpath(uri, os.path.dirname(page.file.src_uri) or ".")
        return f"{before}{uri}{anchor or (default and f'#{default}')}{after}"

    pieces, last = [], 0
    for block in FENCE.finditer(markdown):
        pieces += [LINK.sub(link, markdown[last : block.start()]), block[0]]
        last = block.end()
    return "".join([*pieces, LINK.sub(link, markdown[last:])])
