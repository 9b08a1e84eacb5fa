"""A page for each agent and each environment, from the registries: what they are, every hyperparameter, a picture, results.

Results are those of ``experiments/results/tasks.json``, which ``python -m experiments.tasks`` writes.
"""

import dataclasses
import inspect
import io
import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from matplotlib import image
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from experiments.gallery import drawn
from experiments.tasks import env_of
from neurorl import agents
from neurorl.envs import registry
from neurorl.envs.gymnasium_env import JaxEnv
from neurorl.envs.resolution import resolve
from neurorl.envs.task import JaxTask, Task
from neurorl.errors import NeurorlError
from neurorl.runs import config as configuration

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "experiments/results/tasks.json").read_text())
# Registered where their modules are imported.
EXTRA = ("neurorl.envs.reversal_bandit:ReversalBandit-v0", "neurorl.envs.conditioning:Conditioning-v0")
DOWNLOADS = ("MNISTBandit-bsuite",)  # would fetch a data set when it is made
TASKS = (
    "CartPole-v1",
    "FrozenLake-v1",
    "FrozenLake-misc",
    "neurorl/FpgaTelemetry-v0",
)  # the first that an agent takes shows its defaults
DRAWN_AFTER = 40  # random steps


def env_ids() -> list[str]:
    """Return the ids of the environments that have a page."""
    named = {env_id.rpartition(":")[2] for env_id in EXTRA}
    jax_ids = [env_id for env_id in registry.ids() if env_id not in named and env_id not in DOWNLOADS]
    return [*registry.OWN, *EXTRA, *sorted({*jax_ids, *map(env_of, RESULTS["cells"])} - set(registry.OWN))]


def slug(name: str) -> str:
    """Return the name of the page of an agent or environment."""
    return name.rpartition(":")[2].replace("/", "-").lower()


def first_paragraph(thing: Any) -> str:
    """Return what the docstring of a class or module says first."""
    text = inspect.getdoc(thing) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`")


def hyperparameters(group: Any, path: str = "") -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield the key, the value and the documentation of every hyperparameter of a group."""
    for field in dataclasses.fields(group):
        value, key = getattr(group, field.name), f"{path}.{field.name}" if path else field.name
        parts = value if isinstance(value, tuple) and any(map(dataclasses.is_dataclass, value)) else None
        if dataclasses.is_dataclass(value) or parts:
            for i, part in enumerate(parts or [value]):
                yield from hyperparameters(part, f"{key}[{i}]" if parts else key)
        else:
            yield key, value, dict(field.metadata)


def bounds(said: dict[str, Any]) -> str:
    """Return the values that a hyperparameter may have."""
    if said.get("choices"):
        return ", ".join(f"`{json.dumps(choice)}`" for choice in said["choices"])
    low, high, above = (said.get(name) for name in ("low", "high", "above"))
    ends = [
        f"> {above}" if above is not None else "",
        f"≥ {low}" if low is not None else "",
        f"≤ {high}" if high is not None else "",
    ]
    return " and ".join(filter(None, ends))


def _cell(value: Any) -> str:
    text = json.dumps(value, default=str)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines) + "\n"
    )


def results(agent: str | None = None, env_id: str | None = None) -> str:
    """Return the table of results of an agent or of an environment, or nothing."""
    rows = []
    for task, cells in RESULTS["cells"].items():
        for named, cell in cells.items():
            name, _, variant = named.partition(", ")
            if agent in (None, name) and env_id in (None, env_of(task)):
                rules = task.partition(", ")[2]
                of_task = f"[{task}](../environments/{slug(env_of(task))}.md)"
                of_agent = f"[{name}](../agents/{slug(name)}.md)"
                variant = f"{variant}, {rules}" if rules and not agent else variant
                spread = f"{min(cell['final']):.4g} to {max(cell['final']):.4g} ({len(cell['seeds'])})"
                asked = "" if cell["bar"] is None else f"{cell['bar']:g}, reached by {cell['seeds_at_the_bar']}"
                rows.append(
                    [of_task if agent else of_agent, variant, f"{cell['env_steps']:,}", f"{cell['mean']:.4g}", spread, asked]
                )
    if not rows:
        return ""
    head = [
        "task" if agent else "agent",
        "configuration",
        "steps",
        "mean greedy return",
        "range over seeds (their number)",
        "asked for",
    ]
    return (
        f"\n## Results\n\n{_table(head, rows)}\nFresh seeds, frozen weights, by `python -m experiments.tasks`"
        " ([what it means](../learners.md)).\n"
    )


def _presets(agent: str = "", env_id: str = "") -> list[tuple[str, str]]:
    pairs = [(name, task) for name in agents.names() for task in env_ids() if agent in ("", name) and env_id in ("", task)]
    return [pair for pair in pairs if agents.preset(*pair)]


def agent_page(name: str) -> str:
    """Return the page of an agent."""
    found = agents.find(name)
    rows, shown = [], ""
    for task in TASKS:
        try:
            built = configuration.build(task, name, {}, {})
        except NeurorlError:
            continue
        rows = [
            [f"`{key}`", _cell(value), bounds(said), said.get("help", "")] for key, value, said in hyperparameters(built.agent)
        ]
        shown = task
        break
    text = f"# {name}\n\n{inspect.getdoc(sys.modules[found.__module__])}\n\n"
    text += f"```bash\nneurorl train {shown} --agent {name}\n```\n\n"
    text += f"Its source and its methods: [`{found.__module__}`][{found.__module__}].\n{results(agent=name)}"
    if presets := _presets(agent=name):
        text += "\n## Presets\n\n" + "\n".join(f"- [{task}](../environments/{slug(task)}.md)" for _, task in presets) + "\n"
    text += f"\n## Hyperparameters\n\nDefaults are those for {shown}; `--set KEY=VALUE` changes one.\n\n"
    return text + _table(["key", "default", "bounds", "what it is"], rows)


def _resolved(env_id: str) -> Task | None:
    """Return the task of an id, or None where it needs an extra that is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return resolve(env_id)
    except (NeurorlError, ImportError, gymnasium.error.Error):
        return None


def picture(task: Task) -> bytes | None:
    """Return a picture of an environment after some random steps as PNG, or None where it cannot be drawn.

    Where Gymnasium draws nothing but observations are images of channels (MinAtar), the first observation is drawn.
    """
    twin = task.twin()
    try:
        if twin is None:
            images = isinstance(task, JaxTask) and len(task.observation_space.shape or ()) == 3
            return _png(drawn(np.asarray(JaxEnv(task.env, task.env_params).reset(seed=0)[0]))) if images else None
        stage = twin.environments(1, "rgb_array")
        stage.begin([0])
        space = stage.action_space
        space.seed(0)
        for _ in range(DRAWN_AFTER):
            if stage.terminated[0] or stage.truncated[0]:
                break
            stage.take([space.sample()])
        frame = _rendered(stage.envs[0])
        stage.close()
    except (NeurorlError, gymnasium.error.Error, ImportError):
        return None
    return None if frame is None else _png(frame)


def _rendered(env: gymnasium.Env[Any, Any]) -> np.ndarray | None:
    try:
        return np.asarray(env.render())
    except Exception:  # renderers need OpenGL or a display, and where there is none each says so by an error of its own
        return None


def _png(frame: np.ndarray) -> bytes:
    file = io.BytesIO()
    image.imsave(file, frame[:, :, :3].astype(np.uint8), format="png")
    return file.getvalue()


def env_page(env_id: str, task: Task, shown: bool) -> str:
    """Return the page of an environment."""
    env = getattr(task, "env", None)
    if env is None:
        env = task.make().unwrapped
    text = f"# {env_id}\n\n{first_paragraph(type(env))}\n\n"
    text += f"![{env_id}]({slug(env_id)}.png){{ width=420 }}\n\n" if shown else ""
    text += f"```bash\nneurorl train {env_id}\n```\n\n"
    rows = [
        ["observations", f"`{task.observation_space}`"],
        ["actions", f"`{task.action_space}`"],
        ["time limit", f"{task.max_episode_steps} steps"],
        ["solved at a return of", "-" if task.threshold is None else f"{task.threshold:g}"],
        [
            "loop",
            "jax: one compiled program with the agent" if task.loop == "jax" else "host: Gymnasium's environment, step by step",
        ],
    ]
    text += _table(["", "what it is"], rows) + results(env_id=env_id)
    if presets := _presets(env_id=env_id):
        names = ", ".join(f"[{name}](../agents/{slug(name)}.md)" for name, _ in presets)
        text += f"\n## Presets\n\nFor {names}: taken unless `--set` says otherwise.\n"
    if task.parameters:
        rows = [[f"`env.{key}`", _cell(value)] for key, value in task.parameters.items()]
        text += "\n## Parameters\n\n`--set env.NAME=VALUE` changes one.\n\n" + _table(["key", "default"], rows)
    return text


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name the pages in the navigation."""
    for title, folder, names in (("Agents", "agents", agents.names()), ("Environments", "environments", env_ids())):
        section = next(entry for entry in config.nav or [] if title in entry)
        section[title] = [f"{folder}/index.md", *({name.rpartition(":")[2]: f"{folder}/{slug(name)}.md"} for name in names)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and two that list them."""

    def add(uri: str, content: str | bytes) -> None:
        files.append(File.generated(config, uri, content=content))

    for name in agents.names():
        add(f"agents/{slug(name)}.md", agent_page(name))
    rows = [[f"[{name}]({slug(name)}.md)", first_paragraph(sys.modules[agents.find(name).__module__])] for name in agents.names()]
    add("agents/index.md", "# Agents\n\nAll stand behind one contract; `--agent NAME` chooses.\n\n" + _table(["agent", ""], rows))
    rows = []
    for env_id in env_ids():
        task = _resolved(env_id)
        if task is None:
            lacks = "It needs an extra, such as `box2d`, that was not installed when this page was made."
            add(f"environments/{slug(env_id)}.md", f"# {env_id}\n\n{lacks}\n{results(env_id=env_id)}")
            rows.append([f"[{env_id}]({slug(env_id)}.md)", "", "", "host"])
            continue
        png = picture(task)
        if png:
            add(f"environments/{slug(env_id)}.png", png)
        add(f"environments/{slug(env_id)}.md", env_page(env_id, task, bool(png)))
        rows.append([f"[{env_id}]({slug(env_id)}.md)", f"`{task.observation_space}`", f"`{task.action_space}`", task.loop])
    note = "Any other id of Gymnasium trains too, in the host loop; so does [one of your own](../tutorials/your_environment.md)."
    add("environments/index.md", f"# Environments\n\n{note}\n\n" + _table(["id", "observations", "actions", "loop"], rows))
    return files
