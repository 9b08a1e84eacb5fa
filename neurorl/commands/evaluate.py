"""``neurorl evaluate DIR``: play greedy episodes with frozen weights."""

import argparse
import json
from pathlib import Path
from typing import Any

import neurorl


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="play greedy episodes with frozen weights",
        description="Play greedy episodes with frozen weights, in Gymnasium's own environment where it has the task.",
    )
    parser.add_argument("dir", metavar="DIR", help="folder of the run")
    parser.add_argument("--episodes", type=int, metavar="N", help="episodes of each learner [20; 1 with --render or --video]")
    parser.add_argument("--seed-index", type=int, metavar="I", help="only learner I, counted from 0")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--render", action="store_true", help="show the episodes of one learner in a window")
    where.add_argument("--video", metavar="FILE", help="film the episodes of one learner (.mp4, .webm, .gif)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline
    from neurorl.runs.evaluation import evaluate
    from neurorl.runs.film import show

    compute_inline()

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
