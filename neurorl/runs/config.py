"""The configuration of a run: everything that its results depend on, as JSON and back."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import jax

from neurorl import agents, codes, packing
from neurorl.agents.contract import Agent
from neurorl.envs import wrappers
from neurorl.envs.resolution import resolve
from neurorl.envs.task import Task
from neurorl.errors import NeurorlError, nearest
from neurorl.loops import kinds
from neurorl.loops.learners import Loop
from neurorl.parameters import from_dict, to_dict
from neurorl.runs import changes as schedule
from neurorl.runs import origin
from neurorl.runs.options import LAST_SEED, Options

VERSION = 2  # of the layout of config.json


@dataclasses.dataclass(frozen=True)
class Config:
    """A run: an environment, an agent, and options, all resolved."""

    env_id: str
    agent_id: str
    options: Options
    task: Task
    agent: Agent

    def to_json(self) -> dict[str, Any]:
        """Return the content of config.json."""
        return {
            "version": VERSION,
            "env_id": self.env_id,
            "agent_id": self.agent_id,
            **{k: v for k, v in to_dict(self.options).items() if k != "loop"},
            "loop": self.task.loop,
            "env": self.task.parameters,
            "agent": to_dict(self.agent),
            "task": self.task.stated(),
        }

    def make_loop(self, **changes: Any) -> Loop:
        """Return the loop that the configuration asks for, with options that differ."""
        opts = dataclasses.replace(self.options, **changes)
        return kinds.make(self.task, self.agent, opts.seed, opts.seeds, opts.eval_seed, opts.eval_episodes, opts.group)


def build(env: Any, agent: Any, options: dict[str, Any], settings: dict[str, Any]) -> Config:
    """Return the configuration of a new run.

    Args:
        env: What ``neurorl.envs.resolve`` takes.
        agent: A registered name, ``module:Class`` or ``module:function``, a class, a function of the two spaces, or an agent;
            None for the usual one (:func:`neurorl.agents.usual`), or that of the run to start from.
        options: Values of :class:`Options`.
        settings: Further values by key: a dotted path of config.json, or as much of its end as is unique.

    Raises:
        NeurorlError: Anything unknown, of the wrong type or out of range.
    """
    if "start" in settings:
        raise NeurorlError("'start' is no setting, because the agent follows from it; give --from, or start=... in Python")
    options = options | {"wrappers": [wrappers.named(wrapper) for wrapper in options.get("wrappers", ())]}
    checked = from_dict(Options(), options)
    task = resolve(env, checked.loop, None, checked.max_episode_steps, checked.wrappers)
    other = None if checked.start is None else origin.values(checked.start)
    if agent is None:
        agent = agents.usual(task.observation_space, task.action_space) if other is None else other["agent_id"]
    preset = _preset(agent, task, env, settings) if other is None else _of_start(checked.start, other, agent, task)
    checked = from_dict(Options(), preset.pop("run", {}) | options)
    of_env = preset.pop("env", {})
    kind = next((value for key, value in settings.items() if key in ("code.kind", "agent.code.kind")), _code_kind(preset))
    template = _template(agent, task, kind)
    values: dict[str, Any] = {"env": dict(task.parameters), "agent": to_dict(template), **to_dict(checked)}
    changes: dict[str, Any] = {}
    for key, value in settings.items():
        _put(changes, _full_path(key, values, open_group="env" if task.any_parameter else None), value, values)
    changes["agent"] = _merge(preset, changes.get("agent", {}))
    changes["env"] = of_env | changes.get("env", {})
    checked = from_dict(checked, {k: v for k, v in changes.items() if k not in ("env", "agent")})
    task = resolve(env, checked.loop, changes["env"], checked.max_episode_steps, checked.wrappers)
    template = _template(agent, task, kind)  # again, because a parameter of the environment may change its spaces
    _check_seeds(checked)
    schedule.check(checked.changes, task, checked.steps)
    if checked.checkpoint_every is None:
        tenth = -(-checked.steps // 10)
        checked = dataclasses.replace(checked, checkpoint_every=-(-tenth // checked.log_every) * checked.log_every)
    built = from_dict(template, changes["agent"], "agent") if changes.get("agent") else template
    built = built.for_steps(checked.steps)
    task.check()
    if checked.until_solved and task.threshold is None:
        raise NeurorlError(f"'until_solved' needs a threshold, and nobody says at which return '{task.env_id}' is solved")
    jax.eval_shape(built.init, jax.random.key(0))  # an agent that cannot begin says so before anything is written
    return Config(task.env_id, _agent_id(agent), checked, task, built)


def from_json(values: dict[str, Any], env: Any = None, agent: Any = None) -> Config:
    """Return the configuration of a run folder.

    Args:
        values: What :meth:`Config.to_json` returned.
        env: The environment, where it cannot be made from its id.
        agent: The agent or its class, where it cannot be found by its name.

    Raises:
        NeurorlError: The environment or the agent cannot be made from what the folder says, or does not fit it.
    """
    if values.get("version") != VERSION:
        raise NeurorlError(f"config.json has version {values.get('version')}; this neurorl reads version {VERSION}")
    names = {f.name for f in dataclasses.fields(Options)}
    whole = {"group": values.get("seeds", Options.group)}  # early runs know no groups: all of their learners were one
    options = from_dict(Options(), whole | {k: v for k, v in values.items() if k in names})
    with _remedy("env", env):
        settings = None if env is not None else values["env"]
        source = values.get("task", {}).get("source", values["env_id"])  # early runs know the id only
        if env is None and source is None:
            raise NeurorlError(f"environment '{values['env_id']}' is what a program made, and no name makes it again")
        task = resolve(source if env is None else env, options.loop, settings, options.max_episode_steps, options.wrappers)
    with _remedy("agent", agent):
        template = _template(values["agent_id"] if agent is None else agent, task, _code_kind(values["agent"]))
    return Config(values["env_id"], values["agent_id"], options, task, from_dict(template, values["agent"], "agent"))


@contextlib.contextmanager
def _remedy(name: str, given: Any) -> Iterator[None]:
    """Say how to give what cannot be made from its name."""
    try:
        yield
    except NeurorlError as error:
        if given is not None:
            raise
        raise NeurorlError(f"{error}; give it: {name}=... in Python, or --{name} module:name") from error


def _check_seeds(options: Options) -> None:
    """Raise a NeurorlError unless every seed that follows from the first ones is one."""
    for first, count, of in (("seed", "seeds", "learner"), ("eval_seed", "eval_episodes", "evaluation episode")):
        last = getattr(options, first) + getattr(options, count) - 1
        if last > LAST_SEED:
            raise NeurorlError(
                f"'{first}' is {getattr(options, first)}, which gives the last {of} the seed {last}, above {LAST_SEED}; "
                f"lower '{first}' or '{count}'"
            )


def value_at(configuration: Config, key: str) -> Any:
    """Return the value at a dotted path of config.json, or at as much of its end as is unique.

    Raises:
        NeurorlError: An unknown or ambiguous key.
    """
    values = {"env": configuration.task.parameters, "agent": to_dict(configuration.agent), **to_dict(configuration.options)}
    found: Any = values
    for part in _full_path(key, values, open_group="env" if configuration.task.any_parameter else None):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def parse_settings(items: list[str]) -> dict[str, Any]:
    """Return ``key=value`` items as a dictionary; values are JSON, or text where they are not."""
    settings = {}
    for item in items:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise NeurorlError(f"--set {item}: write key=value, for example --set gamma=0.95")
        try:
            settings[key] = json.loads(text)
        except json.JSONDecodeError:
            settings[key] = text
    return settings


def _template(agent: Any, task: Task, kind: str | None) -> Any:
    """Return the agent with its defaults; ``kind`` names a code other than that of the observation space."""
    ranges = (task.ranges._asdict() if task.ranges else {}) | ({"kind": kind} if kind else {})
    if isinstance(agent, Agent):
        return agent.fit(task.observation_space, task.action_space, **ranges)
    return agents.find(agent).for_spaces(task.observation_space, task.action_space, **ranges)


def _of_start(start: str | None, other: dict[str, Any], agent: Any, task: Task) -> dict[str, Any]:
    """Return the hyperparameters of the agent to start from, which its weights are made for, as a preset.

    Raises:
        NeurorlError: It is another agent, or its environment has other spaces.
    """
    if _agent_id(agent) != other["agent_id"]:
        raise NeurorlError(
            f"'start' is '{start}', which is of {other['agent_id']}, and 'agent' is {_agent_id(agent)}; leave it out"
        )
    try:
        source = other.get("task", {}).get("source") or other["env_id"]
        theirs = resolve(source, other["loop"], other["env"], other["max_episode_steps"])
    except NeurorlError:
        theirs = task  # it is gone; the shapes of weights are compared when they are read
    for name in ("observation_space", "action_space"):
        made, here = getattr(theirs, name), getattr(task, name)
        if _form(made) != _form(here):
            raise NeurorlError(
                f"'start' is '{start}', whose {name} is {made}; that of '{task.env_id}' is {here}: they must be alike"
            )
    return {} if isinstance(agent, Agent) else dict(other["agent"])


def _form(space: Any) -> Any:
    """Return what decides the sizes of an agent: the shape, and the choices of discrete parts."""
    shape, _ = packing.shape_and_dtype(space)
    return shape, [array.tolist() for array in packing.counted(space)]


def _preset(agent: Any, task: Task, env: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the preset of a task; one that names parameters of the environment holds for an environment that has them."""
    if isinstance(agent, Agent):
        return {}  # made elsewhere, it has its hyperparameters
    preset = dict(agents.preset(_agent_id(agent), task.known_id or ""))
    for name, value in preset.get("env", {}).items():
        asked = settings.get(f"env.{name}", value) if isinstance(env, str) else task.parameters.get(name)
        if asked != value:
            return {}
    if not isinstance(env, str):
        preset.pop("env", None)  # it has them already, and none can be set
    return preset


def _code_kind(agent: dict[str, Any]) -> str | None:
    """Return the kind of code in an agent or a preset, where it can be asked for: that of joined codes follows from the space."""
    code = agent.get("code")
    kind = code.get("kind") if isinstance(code, dict) else None
    return kind if kind in codes.KINDS else None


def _agent_id(agent: Any) -> str:
    return agents.name_of(type(agent) if isinstance(agent, Agent) else agents.find(agent))


def _leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the paths of every value and every group; ``parts[0]`` is the first of a list of groups."""
    paths = []
    for key, value in values.items():
        paths.append((*path, key))
        groups = {f"{key}[{i}]": part for i, part in enumerate(value)} if isinstance(value, list) else {key: value}
        for name, group in groups.items():
            if isinstance(group, dict):
                paths.extend([(*path, name)] * (name != key) + _leaves(group, (*path, name)))
    return paths


def _full_path(key: str, values: dict[str, Any], open_group: str | None) -> tuple[str, ...]:
    parts = tuple(key.split("."))
    if len(parts) == 2 and parts[0] == open_group:
        return parts
    known = _leaves(values)
    if parts in known:
        return parts
    matches = [path for path in known if path[-len(parts) :] == parts]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NeurorlError(f"parameter '{key}' is ambiguous; use one of {', '.join('.'.join(m) for m in matches)}")
    names = {".".join(path): path for path in known} | {path[-1]: path for path in known}
    raise NeurorlError(f"unknown parameter '{key}'{nearest(key, names)}; `neurorl list ENV` shows them all")


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any, like: Any) -> None:
    """Put a value at its path; lists of groups are as long as those of ``like``."""
    for part in path[:-1]:
        name, bracket, number = part.partition("[")
        like = like.get(name) if isinstance(like, dict) else None
        values = values.setdefault(name, [{} for _ in like or ()] if bracket else {})
        if bracket:
            values, like = values[int(number[:-1])], (like or [])[int(number[:-1])]  # type: ignore[index]
    values[path[-1]] = value


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
