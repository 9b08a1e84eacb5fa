"""The site's hooks do what ``make docs`` relies on: what is missing, broken or fetched from elsewhere ends the build."""

import importlib.util
import re
import zlib
from types import SimpleNamespace

import pytest

from tests.pages import ROOT

pytest.importorskip("mkdocs", reason="the extra docs is not installed")
pytest.importorskip("mkdocstrings_handlers.python", reason="the extra docs is not installed")

from mkdocs.exceptions import PluginError

from neurorl import agents
from neurorl.runs import config


def hook(name):
    """Return a hook, loaded from its file as MkDocs does."""
    spec = importlib.util.spec_from_file_location(f"docs_hook_{name}", ROOT / f"docs/_hooks/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(uri):
    return SimpleNamespace(file=SimpleNamespace(src_uri=uri))


def site(folder, names):
    """Make a site that has nothing but an inventory of names."""
    rows = "\n".join(f"{name} py:function 1 reference.html -" for name in names)
    (folder / "objects.inv").write_bytes(b"# 1\n# 2\n# 3\n# 4\n" + zlib.compress(rows.encode()))
    return SimpleNamespace(site_dir=str(folder))


def test_what_is_public_is_found_and_what_is_private_is_not(tmp_path):
    file = tmp_path / "code.py"
    file.write_text(
        "def f(): ...\ndef _g(): ...\nclass A:\n    def m(self): ...\n    def _n(self): ...\nclass _B:\n    def m(self): ...\n"
    )
    assert hook("reference").public("m", file) == ["m.f", "m.A", "m.A.m"]


def test_the_reference_fails_on_a_single_symbol_that_is_missing(tmp_path):
    reference = hook("reference")
    names = reference.all_public()
    assert {"neurorl.LIF", "neurorl.agents.register", "neurorl.envs.fpga.board.step"} <= set(names)
    reference.on_post_build(site(tmp_path, names))
    with pytest.raises(
        PluginError, match=re.escape("1 public symbols are not in the reference: neurorl.networks.network.Network.run")
    ):
        reference.on_post_build(site(tmp_path, [name for name in names if name != "neurorl.networks.network.Network.run"]))


@pytest.mark.parametrize(
    ("origin", "target", "there"),
    [
        ("index.md", "docs/runs.md", "runs.md"),
        ("index.md", "ARCHITECTURE.md", "architecture.md"),
        ("index.md", "experiments", "experiments.md"),
        ("runs.md", "../agents/ppo.py", "reference/neurorl.agents.md#neurorl.agents.ppo"),
        ("runs.md", "../agents/presets", "source/agents/presets.md"),
        ("runs.md", "../experiments/results/tasks.png", "experiments/results/tasks.png"),
        ("runs.md", "sweeps.md#tuning", "sweeps.md#tuning"),
        ("tutorials/sweep.md", "../sweeps.md", "../sweeps.md"),
        ("tutorials/sweep.md", "board.py", "board.md"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(origin, target, there):
    fenced = f"```text\n[x]({target})\n```"
    text = hook("outside").on_page_markdown(f"[x]({target})\n\n{fenced}", page(origin), None, None)
    assert text == f"[x]({there})\n\n{fenced}"


def test_an_equation_becomes_mathml_and_one_that_cannot_be_read_ends_the_build():
    turn = hook("equations").on_page_content
    made = turn(r'<p><span class="arithmatex">\(w \leftarrow w + \eta \delta\)</span></p>', page("a.md"), None, None)
    assert "<math" in made
    assert "arithmatex" not in made
    for broken in (r"\left( x", r"\gama x"):
        with pytest.raises(PluginError, match=r"a\.md"):
            turn(rf'<div class="arithmatex">\[{broken}\]</div>', page("a.md"), None, None)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://x.org/a.js"></script>',
        '<link href="//x.org/a.css" rel="stylesheet">',
        '<img alt="" src=https://x.org/a.png>',
        "@import url(https://x.org/a.css)",
    ],
)
def test_what_a_page_fetches_from_elsewhere_ends_the_build(text, tmp_path):
    offline = hook("offline")
    (tmp_path / "index.html").write_text('<a href="https://x.org">a link</a><img src="a.png">')
    offline.on_post_build(SimpleNamespace(site_dir=str(tmp_path)))
    (tmp_path / "other.html").write_text(text)
    with pytest.raises(PluginError, match=r"other\.html"):
        offline.on_post_build(SimpleNamespace(site_dir=str(tmp_path)))


@pytest.mark.parametrize("name", ["spiking-actor-critic", "sarsa", "random"])
def test_the_page_of_an_agent_has_every_hyperparameter_with_its_help_and_bounds(name):
    catalogue = hook("catalogue")
    text = catalogue.agent_page(name)
    shown = re.search(r"Defaults are those for (\S+);", text)[1]
    for key, _, said in catalogue.hyperparameters(config.build(shown, name, {}, {}).agent):
        assert f"| `{key}` |" in text
        assert said.get("help", "").replace("|", "\\|") in text
    if name == "spiking-actor-critic":
        assert "| `modulation.dopamine.gain` | `1.0` | ≥ 0.0 |" in text
        assert "[CartPole-v1](../environments/cartpole-v1.md) | default | 50,000 | 500 |" in text


def test_every_agent_and_every_task_of_the_table_has_a_page():
    catalogue = hook("catalogue")
    assert len({catalogue.slug(name) for name in agents.names()}) == len(agents.names())
    ids = catalogue.env_ids()
    assert len({catalogue.slug(env_id) for env_id in ids}) == len(ids)
    assert set(map(catalogue.env_of, catalogue.RESULTS["cells"])) <= set(ids)


@pytest.mark.slow
def test_a_notebook_is_run_and_a_cell_that_fails_ends_the_build(tmp_path):
    notebooks = hook("notebooks")
    (good := tmp_path / "good.py").write_text("# %% [markdown]\n# # Title\n\n# %%\nprint(6 * 7)\n")
    text, figures = notebooks.run(good)
    assert text.startswith("# Title\n")
    assert "    42\n" in text
    assert figures == {}
    (bad := tmp_path / "bad.py").write_text("# %% [markdown]\n# # Title\n\n# %%\n1 / 0\n")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.run(bad)


def test_the_gallery_has_every_figure_and_film():
    text = (ROOT / "docs/gallery.md").read_text()
    files = [*ROOT.glob("docs/figures/*.png"), *ROOT.glob("docs/films/*"), *ROOT.glob("experiments/results/**/*.png")]
    assert len(files) > 20
    missing = [file.name for file in files if f"/{file.name})" not in text]
    assert not missing
    for film in ROOT.glob("docs/films/*"):
        assert film.stat().st_size < 650_000, film
