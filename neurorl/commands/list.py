"""``neurorl list [ENV]``: show environments and agents, or the keys of one task."""

import argparse
import dataclasses
import json
import textwrap
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "list", help="show environments, agents and keys", description="Show environments and agents, or the keys of one task."
    )
    parser.add_argument(
        "env", nargs="?", metavar="ENV", help="show every key of config.json for this environment; of PREFIX/, its environments"
    )
    parser.add_argument("--agent", metavar="NAME", help="and this agent [the one that `neurorl train` would take]")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl import agents
    from neurorl.envs import suites

    prefix = (arguments.env or "").removesuffix("/")
    if prefix in suites.SUITES or prefix in suites.HOSTED:
        _print_names(f"environments of {prefix}/", suites.ids(prefix))
        return 0
    if arguments.env:
        from neurorl.runs import config

        built = config.build(arguments.env, arguments.agent, {}, {})
        print(f"keys of {built.env_id} with {built.agent_id}; set one with --set KEY=VALUE")
        _print_keys(built)
        return 0
    import gymnasium

    from neurorl.envs import registry
    from neurorl.runs import exported

    jax_ids = registry.ids()
    host_ids = [name for name in gymnasium.registry if name not in jax_ids and "/" not in name]
    _print_names("agents", agents.names())
    _print_names("trained agents that come along (neurorl evaluate zoo/NAME)", exported.zoo())
    _print_names("environments of neurorl", list(registry.OWN))
    _print_names("environments in JAX (gymnax)", [name for name in jax_ids if name not in registry.OWN])
    _print_names("environments in Gymnasium (host loop)", host_ids)
    print("suites of environments in JAX, ids PREFIX/NAME (`neurorl list PREFIX/` shows the names):")
    print("  gymnax/: as above")
    _print_suites(suites.SUITES)
    print("suites of environments in Gymnasium:")
    _print_suites(suites.HOSTED)
    print("\n`neurorl list ENV` shows every key of an environment and its agent.")
    return 0


def _print_suites(known: dict[str, Any]) -> None:
    from neurorl.envs import suites

    for prefix, suite in known.items():
        here = "" if suites.is_installed(suite) else f'; to install: pip install "neurorl[{suite.extra}]"'
        print(f"  {prefix}/: {suite.title}{here}")


def _print_names(title: str, names: list[str]) -> None:
    print(f"{title}:")
    print(textwrap.fill(", ".join(names), width=100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False))


def _print_keys(built: Any) -> None:
    def show(path: str, group: Any) -> None:
        for field in dataclasses.fields(group):
            value = getattr(group, field.name)
            name = f"{path}.{field.name}" if path else field.name
            if dataclasses.is_dataclass(value):
                show(name, value)
            elif isinstance(value, tuple) and any(dataclasses.is_dataclass(part) for part in value):
                for i, part in enumerate(value):
                    show(f"{name}[{i}]", part)
            else:
                text = json.dumps(value)
                text = text if len(text) <= 34 else text[:31] + "..."
                print(f"  {name:34} {text:34} {field.metadata.get('help', '')}")

    show("", built.options)
    show("agent", built.agent)
    for name, value in built.task.parameters.items():
        print(f"  {'env.' + name:34} {json.dumps(value)}")
