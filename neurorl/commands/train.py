"""``neurorl train ENV``: train independent learners."""

import argparse
from typing import Any

from neurorl.commands import arguments as shared


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "train",
        help="train independent learners",
        description="Train independent learners. The preset of a task may change the defaults in brackets.",
    )
    parser.add_argument("env", metavar="ENV", help="gymnax id, Gymnasium id, or module:id")
    parser.add_argument(
        "--agent",
        metavar="NAME",
        help="agent, or module:Class [that of --from, else spiking-deep, or spiking-actor-critic where choices answer boxes]",
    )
    parser.fill = shared.add_options
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any key of config.json; may be repeated")
    parser.add_argument(
        "--wrapper",
        action="append",
        dest="wrappers",
        metavar="MODULE:NAME",
        help="put around the environment, perhaps with (argument=value); may be repeated, the first innermost",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the run [runs/ENV__AGENT__SEED__TIME]")
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out; files of your own stay")
    shared.add_loggers(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.envs import registry
    from neurorl.runs import config
    from neurorl.runs.training import train

    options, settings = shared.options_of(arguments), config.parse_settings(arguments.set)
    is_jax = options.get("loop") != "host" and registry.may_be_jax(arguments.env)
    compute_inline(shared.devices(settings | options, is_jax))
    finished = train(
        arguments.env,
        arguments.agent,
        out=arguments.out,
        overwrite=arguments.overwrite,
        settings=settings,
        loggers=shared.loggers(arguments),
        **options,
    )
    if not arguments.quiet:
        report(finished)
    return 0


def report(run: Any) -> None:
    """Print what came out of a finished run."""
    from neurorl.results import statistics
    from neurorl.results.text import with_interval

    summary = run.summary
    print(f"\nrun: {run.path}")
    if summary["threshold"] is not None:
        steps = summary["steps_to_threshold"]
        solved = sum(step is not None for step in steps)
        text = f"solved (three evaluations at {summary['threshold']:g}): {solved} of {len(steps)} seeds"
        if (median := statistics.median_steps(steps)) is not None:
            text += f", the median seed at {median:,.0f} steps"
        print(text)
    for name, key in (("greedy return", "final_eval_return"), ("training return", "final_return")):
        if (middle := summary[f"{key}_iqm"]) is not None:
            low, high = summary[f"{key}_ci95"] or (None, None)
            print(f"{name}: {with_interval(middle, low, high)} (interquartile mean, 95 % interval)")
    print(f"speed: {summary['env_steps_per_second']:,.0f} environment steps/s")
    drawn = [file for file in (run.folder.learning_curve, run.folder.spikes) if file.is_file()]
    print("figures: " + "  ".join(map(str, drawn)))
