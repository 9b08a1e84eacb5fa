"""``neurorl evaluate DIR``: play greedy episodes with frozen weights."""

import argparse
import json
from typing import Any

import neurorl
from neurorl.commands import arguments as shared
from neurorl.errors import NeurorlError
from neurorl.files import user_path


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="play greedy episodes with frozen weights",
        description="Play greedy episodes with frozen weights, in Gymnasium's own environment where it has the task.",
    )
    parser.add_argument("dir", metavar="DIR", help="folder of the run, a file that neurorl export wrote, or zoo/NAME")
    parser.add_argument("--episodes", type=int, metavar="N", help="episodes of each learner [20; 1 with --render or --video]")
    parser.add_argument("--seed-index", type=int, metavar="I", help="only learner I, counted from 0")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="env.KEY=VALUE",
        help="a parameter of the environment that differs from training",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--render", action="store_true", help="show the episodes of one learner in a window")
    where.add_argument("--video", metavar="FILE", help="film the episodes of one learner (.mp4, .webm, .gif)")
    shared.add_made(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.results.text import number, with_interval
    from neurorl.runs import config
    from neurorl.runs.film import show

    compute_inline()

    run = neurorl.load(arguments.dir, **shared.made(arguments))
    settings = config.parse_settings(arguments.set)
    if settings and (arguments.render or arguments.video):
        raise NeurorlError("--set goes with figures only; leave out --render and --video")
    if arguments.render or arguments.video:
        video = user_path(arguments.video) if arguments.video else None
        totals = show(run, arguments.seed_index or 0, arguments.episodes or 1, video)
        if arguments.json:
            print(json.dumps({"returns": totals, "video": arguments.video}))
        else:
            print("returns: " + ", ".join(f"{total:g}" for total in totals) + (f"; film: {video}" if video else ""))
        return 0
    episodes = 20 if arguments.episodes is None else arguments.episodes
    result = run.evaluate(episodes, arguments.seed_index, settings=settings)
    if arguments.json:
        print(json.dumps(result, indent=2))
        return 0
    print(
        f"{result['env_id']} ({result['environment']}), {result['agent']} after {result['env_steps']:,} steps, "
        f"{result['episodes']} greedy episodes a seed"
        + "".join(f", {key}={json.dumps(value)}" for key, value in settings.items())
    )
    for seed, mean in zip(result["seeds"], result["mean_return"], strict=True):
        print(f"  seed {seed:>6}  {number(mean):>9}")
    low, high = result["return_ci95"] or (None, None)
    print(f"interquartile mean {with_interval(result['return_iqm'], low, high)}")
    return 0
