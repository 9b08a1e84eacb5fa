"""Arguments that several commands share."""

import argparse
import dataclasses
import importlib
import json
from typing import Any

from neurorl.errors import NeurorlError

ALIASES = {"start": ("--from",)}  # of an option that Python could not name so


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each option of a run that is one value, with the help and the default of its declaration."""
    from neurorl.runs.options import Options

    for field in dataclasses.fields(Options):
        if field.default != ():
            default = "" if field.default is None else f" [{field.default}]"
            flag = f"--{field.name.replace('_', '-')}"
            choices = field.metadata["choices"]
            kind: dict[str, Any] = {"type": value, "metavar": "|".join(choices) if choices else "N"}
            if isinstance(field.default, bool):
                kind = {"action": "store_const", "const": not field.default}
            parser.add_argument(
                flag, *ALIASES.get(field.name, ()), dest=field.name, help=field.metadata["help"] + default, **kind
            )


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options that were given as flags."""
    from neurorl.runs.options import Options

    given = {field.name: getattr(arguments, field.name, None) for field in dataclasses.fields(Options)}
    return {name: option for name, option in given.items() if option is not None}


def devices(run: dict[str, Any], is_jax: bool) -> int:
    """Return how many devices of the CPU a run keeps busy: a core each, but no more than it has groups of learners.

    Args:
        run: Values of the fields of ``Options`` that are known, checked or not.
        is_jax: Whether the jitted loop trains it; the host loop does not leave one device.
    """
    from neurorl import groups
    from neurorl.backend import cores
    from neurorl.runs.options import Options

    seeds, group = run.get("seeds", Options.seeds), run.get("group", Options.group)
    checked = all(isinstance(number, int) and number > 0 for number in (seeds, group))
    return min(cores(), groups.count(seeds, group)) if is_jax and checked else 1


def value(text: str) -> Any:
    """Return a value as JSON has it, or the text where it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def add_loggers(parser: argparse.ArgumentParser) -> None:
    """Add what says to whom a command tells what it does."""
    parser.add_argument(
        "--log", action="append", default=[], metavar="NAME,...", help="tensorboard, wandb, mlflow, trackio, or module:Class"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no report")


def loggers(arguments: argparse.Namespace) -> list[str]:
    """Return the names of the loggers that were asked for."""
    return [*([] if arguments.quiet else ["bar"]), *arguments.log]


def add_made(parser: argparse.ArgumentParser) -> None:
    """Add what gives an environment or an agent that cannot be made again from what the run's folder says."""
    parser.add_argument("--env", metavar="MODULE:NAME", help="the environment, where it cannot be made again from its name")
    parser.add_argument("--agent", metavar="MODULE:NAME", help="the agent, where it cannot be found by its name")


def made(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the environment and the agent that were given: what stands under that name in the module, or else the name."""
    found: dict[str, Any] = {}
    for name in ("env", "agent"):
        text = getattr(arguments, name)
        module, _, attribute = (text or "").rpartition(":")
        try:
            found[name] = getattr(importlib.import_module(module), attribute, text) if module else text
        except ImportError as error:
            raise NeurorlError(f"--{name} {text}: module '{module}' cannot be imported: {error}") from error
    return found
