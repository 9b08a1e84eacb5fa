"""The command line: ``neurorl train | resume | evaluate | plot | list``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import neurorl
from neurorl.errors import NeurorlError, nearest

COMMANDS = ("train", "resume", "evaluate", "plot", "list")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"neurorl: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 failed, 2 not understood, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        sys.stderr.write(f"neurorl: unknown command '{arguments[0]}'{nearest(arguments[0], COMMANDS)}; see neurorl --help\n")
        return 2
    parsed = _parser().parse_args(arguments)
    # Learners are many small kernels, and on a CPU XLA loses more by handing them between threads than it gains.
    os.environ.setdefault("NPROC", "1")
    sys.path.insert(0, "")  # so that module:id and module:Class find files in the present folder, as python -m does
    try:
        return parsed.command(parsed)
    except NeurorlError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 130 if type(error).__name__ == "Interrupted" else 1
    except KeyboardInterrupt:
        sys.stderr.write("neurorl: interrupted; what was saved can be resumed\n")
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        sys.stderr.write(f"neurorl: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="neurorl", description="Spiking reinforcement learning in JAX.")
    parser.add_argument("--version", action="version", version=f"neurorl {neurorl.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train independent learners", description="Train independent learners.")
    train.add_argument("env", metavar="ENV", help="gymnax id, Gymnasium id, or module:id")
    train.add_argument("--agent", default="spiking-actor-critic", metavar="NAME", help="agent, or module:Class [%(default)s]")
    for name, kind, text in (
        ("seeds", int, "number of learners [10]"),
        ("steps", int, "environment steps of each learner [20000]"),
        ("seed", int, "seed of the first learner; learner i has seed + i [0]"),
        ("eval-every", int, "environment steps between evaluations [1000]"),
        ("checkpoint-every", int, "environment steps between checkpoints [a tenth of the run]"),
        ("max-episode-steps", int, "time limit of an episode, counted as truncation"),
        ("loop", str, "auto (JAX where the environment exists there), jax, or host [auto]"),
    ):
        train.add_argument(f"--{name}", type=kind, metavar="L" if kind is str else "N", help=text)
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any key of config.json; may be repeated")
    train.add_argument("--out", metavar="DIR", help="folder of the run [runs/ENV__AGENT__SEED__TIME]")
    train.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    train.add_argument("--tensorboard", action="store_true", help="also write TensorBoard logs into the folder")
    train.add_argument("--quiet", action="store_true", help="no progress bar and no report")
    train.set_defaults(command=_train)

    resume = commands.add_parser("resume", help="go on with an interrupted run", description="Go on with an interrupted run.")
    resume.add_argument("dir", metavar="DIR", help="folder of the run")
    resume.add_argument("--quiet", action="store_true", help="no progress bar and no report")
    resume.set_defaults(command=_resume)

    evaluate = commands.add_parser(
        "evaluate",
        help="play greedy episodes with frozen weights",
        description="Play greedy episodes with frozen weights, in Gymnasium's own environment where it has the task.",
    )
    evaluate.add_argument("dir", metavar="DIR", help="folder of the run")
    evaluate.add_argument("--episodes", type=int, metavar="N", help="episodes of each learner [20; 1 with --render or --video]")
    evaluate.add_argument("--seed-index", type=int, metavar="I", help="only learner I, counted from 0")
    where = evaluate.add_mutually_exclusive_group()
    where.add_argument("--render", action="store_true", help="show the episodes of one learner in a window")
    where.add_argument("--video", metavar="FILE", help="film the episodes of one learner (.mp4, .webm, .gif)")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.set_defaults(command=_evaluate)

    plot = commands.add_parser("plot", help="draw learning curves", description="Draw the learning curves of one or more runs.")
    plot.add_argument("dirs", nargs="+", metavar="DIR", help="folder of a run")
    plot.add_argument("--out", metavar="FILE", help="figure to write [the run's learning_curve.png; comparison.png for several]")
    plot.set_defaults(command=_plot)

    listing = commands.add_parser(
        "list", help="show environments, agents and keys", description="Show environments and agents, or the keys of one task."
    )
    listing.add_argument("env", nargs="?", metavar="ENV", help="show every key of config.json for this environment")
    listing.add_argument("--agent", default="spiking-actor-critic", metavar="NAME", help="and this agent [%(default)s]")
    listing.set_defaults(command=_list)
    return parser


def _train(arguments: argparse.Namespace) -> int:
    from neurorl.running import config, progress, run_folder
    from neurorl.running.training import train

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
    run = train(
        arguments.env,
        arguments.agent,
        out=out,
        overwrite=arguments.overwrite,
        settings=settings,
        progress=progress.Several(*meters),
        **options,
    )
    if not arguments.quiet:
        _report(run)
    return 0


def _resume(arguments: argparse.Namespace) -> int:
    from neurorl.running import progress, run_folder
    from neurorl.running.training import resume

    folder, _ = run_folder.open_run(arguments.dir)
    if folder.complete:
        print(f"run '{arguments.dir}' is complete; there is nothing to resume")
        return 0
    run = resume(arguments.dir, progress=progress.Progress() if arguments.quiet else progress.Bar())
    if not arguments.quiet:
        _report(run)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from neurorl.running.evaluation import evaluate
    from neurorl.running.film import show

    run = neurorl.load(arguments.dir)
    if arguments.render or arguments.video:
        video = Path(arguments.video) if arguments.video else None
        totals = show(run, arguments.seed_index or 0, arguments.episodes or 1, video)
        if arguments.json:
            print(json.dumps({"returns": totals, "video": arguments.video}))
        else:
            print("returns: " + ", ".join(f"{total:g}" for total in totals) + (f"; film: {video}" if video else ""))
        return 0
    result = evaluate(run, 20 if arguments.episodes is None else arguments.episodes, arguments.seed_index)
    if arguments.json:
        print(json.dumps(result, indent=2))
        return 0
    print(
        f"{result['env_id']} ({result['environment']}), {result['agent']} after {result['env_steps']:,} steps, "
        f"{result['episodes']} greedy episodes a seed"
    )
    for seed, mean in zip(result["seeds"], result["mean_return"], strict=True):
        print(f"  seed {seed:>6}  {mean:9.2f}")
    interval = "" if result["return_ci95"] is None else f"  [{result['return_ci95'][0]:.2f}, {result['return_ci95'][1]:.2f}]"
    print(f"interquartile mean {result['return_iqm']:.2f}{interval}")
    return 0


def _plot(arguments: argparse.Namespace) -> int:
    from neurorl.running.run import plot

    runs = [neurorl.load(directory) for directory in arguments.dirs]
    target = Path(arguments.out or (runs[0].folder.learning_curve if len(runs) == 1 else "comparison.png"))
    plot(runs, target)
    print(target)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from neurorl import agents

    if arguments.env:
        from neurorl.running import config

        built = config.build(arguments.env, arguments.agent, {}, {})
        print(f"keys of {built.env_id} with {built.agent_id}; set one with --set KEY=VALUE")
        _print_keys(built)
        return 0
    import gymnasium

    from neurorl.envs.task import gymnax_ids

    jax_ids = gymnax_ids()
    host_ids = [name for name in gymnasium.registry if name not in jax_ids and "/" not in name]
    _print_names("agents", agents.names())
    _print_names("environments in JAX (gymnax)", jax_ids)
    _print_names("environments in Gymnasium (host loop)", host_ids)
    print("\n`neurorl list ENV` shows every key of an environment and its agent.")
    return 0


def _print_names(title: str, names: list[str]) -> None:
    import textwrap

    print(f"{title}:")
    print(textwrap.fill(", ".join(names), width=100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False))


def _print_keys(built: Any) -> None:
    import dataclasses

    def show(path: str, group: Any) -> None:
        for field in dataclasses.fields(group):
            value = getattr(group, field.name)
            name = f"{path}.{field.name}" if path else field.name
            if dataclasses.is_dataclass(value):
                show(name, value)
            else:
                text = json.dumps(value)
                text = text if len(text) <= 34 else text[:31] + "..."
                print(f"  {name:34} {text:34} {field.metadata.get('help', '')}")

    show("", built.options)
    show("agent", built.agent)
    for name, value in built.task.parameters.items():
        print(f"  {'env.' + name:34} {json.dumps(value)}")


def _say_task(built: Any) -> None:
    task, opts = built.task, built.options
    kind = "JAX loop (gymnax)" if task.loop == "jax" else "host loop (Gymnasium)"
    lines = [f"{built.env_id}: {kind}, {built.agent_id}, {opts.seeds} seeds x {opts.steps:,} steps"]
    if task.limited_by_us:
        lines.append(f"episodes are cut after {task.max_episode_steps} steps, which counts as truncation")
    sys.stderr.write("\n".join(lines) + "\n")


def _report(run: Any) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
