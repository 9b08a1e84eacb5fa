"""``neurorl train ENV``: train independent learners."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser("train", help="train independent learners", description="Train independent learners.")
    parser.add_argument("env", metavar="ENV", help="gymnax id, Gymnasium id, or module:id")
    parser.add_argument("--agent", default="spiking-actor-critic", metavar="NAME", help="agent, or module:Class [%(default)s]")
    for name, kind, text in (
        ("seeds", int, "number of learners [10]"),
        ("steps", int, "environment steps of each learner [20000, or what the preset of the task says]"),
        ("seed", int, "seed of the first learner; learner i has seed + i [0]"),
        ("eval-every", int, "environment steps between evaluations [1000, or what the preset says]"),
        ("checkpoint-every", int, "environment steps between checkpoints [a tenth of the run]"),
        ("max-episode-steps", int, "time limit of an episode, counted as truncation"),
        ("loop", str, "auto (JAX where the environment exists there), jax, or host [auto]"),
    ):
        parser.add_argument(f"--{name}", type=kind, metavar="L" if kind is str else "N", help=text)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any key of config.json; may be repeated")
    parser.add_argument("--out", metavar="DIR", help="folder of the run [runs/ENV__AGENT__SEED__TIME]")
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    parser.add_argument("--tensorboard", action="store_true", help="also write TensorBoard logs into the folder")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no report")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.results import run_folder
    from neurorl.runs import config, progress
    from neurorl.runs.training import train

    compute_inline()

    names = ("seeds", "steps", "seed", "eval_every", "checkpoint_every", "max_episode_steps", "loop")
    options = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    settings = config.parse_settings(arguments.set)
    built = config.build(arguments.env, arguments.agent, options, settings)
    out = arguments.out or run_folder.default_path(built.env_id, built.agent_id, built.options.seed)
    if not arguments.quiet:
        _say_task(built)
    meters: list[progress.Progress] = [] if arguments.quiet else [progress.Bar()]
    if arguments.tensorboard:
        first = built.options.seed
        meters.append(progress.TensorBoard(Path(out) / "tensorboard", range(first, first + built.options.seeds)))
    finished = train(
        arguments.env,
        arguments.agent,
        out=out,
        overwrite=arguments.overwrite,
        settings=settings,
        progress=progress.Several(*meters),
        **options,
    )
    if not arguments.quiet:
        report(finished)
    return 0


def _say_task(built: Any) -> None:
    task, opts = built.task, built.options
    lines = [f"{built.env_id}: {task.loop_in_words}, {built.agent_id}, {opts.seeds} seeds x {opts.steps:,} steps"]
    if task.limited_by_us:
        lines.append(f"episodes are cut after {task.max_episode_steps} steps, which counts as truncation")
    sys.stderr.write("\n".join(lines) + "\n")


def report(run: Any) -> None:
    """Print what came out of a finished run."""
    summary = run.summary
    print(f"\nrun: {run.path}")
    if summary["threshold"] is not None:
        steps = [s for s in summary["steps_to_threshold"] if s is not None]
        text = f"solved (three evaluations at {summary['threshold']:g}): {len(steps)} of {len(summary['seeds'])} seeds"
        if steps:
            text += f", the median one at {sorted(steps)[(len(steps) - 1) // 2]:,} steps"
        print(text)
    for name, key in (("greedy return", "final_eval_return"), ("training return", "final_return")):
        middle, interval = summary[f"{key}_iqm"], summary[f"{key}_ci95"]
        if middle is not None:
            spread = f"  [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else ""
            print(f"{name}: {middle:.1f}{spread} (interquartile mean, 95 % interval)")
    print(f"speed: {summary['env_steps_per_second']:,.0f} environment steps/s")
    print(f"figures: {run.folder.learning_curve}" + (f"  {run.folder.spikes}" if run.folder.spikes.is_file() else ""))
