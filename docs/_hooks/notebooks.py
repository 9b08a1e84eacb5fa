"""Tutorials are notebooks kept as text (``docs/tutorials/*.py``): every build runs them, and a cell that fails ends it.

They run in an empty folder of their own, into which the written Vivado reports of the tests are copied. While the site is served,
a notebook that has not changed is not run again.
"""

import hashlib
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jupytext
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "docs/tutorials"
REPORTS = ROOT / "tests/envs/fpga/reports/written"
KEPT = ROOT / "build/notebooks"
LIMIT = 300  # seconds of a cell
SHOWN_BY = "matplotlib.rcParams.update({'figure.dpi': 110, 'savefig.bbox': 'tight'})"
_served = [False]

# A progress bar that another state of it follows.
PASSED_BY = re.compile(r"^[^\n]*\d%\|[^\n]*\]\s*\n(?=\s*[^\n]*\d%\|[^\n]*\]\s*$)", re.MULTILINE)


def sources() -> list[Path]:
    """Return the notebooks."""
    return sorted(SOURCES.glob("*.py"))


def run(source: Path) -> tuple[str, dict[str, bytes]]:
    """Run a notebook; return it as Markdown with its figures, by file name.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed; the message has its code and traceback.
    """
    notebook = jupytext.read(source)
    notebook.metadata["language_info"] = {"name": "python"}
    with tempfile.TemporaryDirectory() as folder:
        for report in REPORTS.glob("*.rpt"):
            shutil.copy(report, folder)
        client = NotebookClient(notebook, timeout=LIMIT, kernel_name="python3", resources={"metadata": {"path": folder}})
        manager = client.create_kernel_manager()
        manager.transport, manager.ip = "ipc", f"{folder}/kernel"  # no port that others could reach
        with client.setup_kernel():
            client.kc.execute(f"import matplotlib; {SHOWN_BY}")
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
    body, resources = MarkdownExporter().from_notebook_node(notebook, {"unique_key": source.stem})
    note = f"\n*This page is the notebook `docs/tutorials/{source.name}`, which was run when the site was built.*\n"
    title, _, rest = body.strip().partition("\n")
    return _readable(f"{title}\n{note}{rest}\n"), resources["outputs"]


def _readable(text: str) -> str:
    """Return Markdown: figures have a name, tables no style of their own, and bars stand where they ended."""
    text = re.sub(r"<style scoped>.*?</style>\n?", "", text, flags=re.DOTALL)
    text = PASSED_BY.sub("", text)
    return text.replace('<table border="1" class="dataframe">', "<table>").replace("![png](", "![What the cell above draws](")


def _kept(source: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as it was run last, if its text is the same and the site is only served."""
    folder = KEPT / hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    if not _served[0] or not folder.exists():
        body, figures = run(source)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in figures.items():
            (folder / name).write_bytes(content)
        (folder / "page.md").write_text(body)  # the last one, because it says that the others are there
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "page.md"}
    return (folder / "page.md").read_text(), files


def on_startup(command: str, **_: Any) -> None:
    """Note whether the site is built or served."""
    _served[0] = command == "serve"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Run the notebooks, two at a time, and add their pages and figures."""
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(_kept, sources()))
    for source, (body, figures) in zip(sources(), pages, strict=True):
        files.append(File.generated(config, f"tutorials/{source.stem}.md", content=body))
        for name, content in figures.items():
            files.append(File.generated(config, f"tutorials/{name}", content=content))
    return files
