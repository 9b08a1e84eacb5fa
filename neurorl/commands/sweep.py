"""``neurorl sweep FILE.toml``: run many configurations and seeds; ``neurorl sweep DIR --best``: show the best."""

import argparse
import sys
from typing import Any

from neurorl.commands import arguments as shared


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "sweep",
        help="run many configurations and seeds, or show the best of them",
        description="Run the sweep of a TOML file, or go on with it (docs/sweeps.md). With --best, show its best rows.",
    )
    parser.add_argument("file", metavar="FILE", help="TOML file of the sweep, or its folder")
    parser.add_argument(
        "--best", nargs="?", type=int, const=10, metavar="N", help="show the N best rows of each environment [10]"
    )
    add_runner(parser)
    parser.set_defaults(command=run)


def add_runner(parser: Any) -> None:
    """Add the arguments that say where shards are computed, and where results go."""
    parser.add_argument(
        "--runner", default="local", metavar="R", help="local (this process), pool (this machine), or ray [%(default)s]"
    )
    parser.add_argument("--address", metavar="A", help="address of the Ray cluster [the one on this machine]")
    parser.add_argument("--processes", type=int, metavar="N", help="processes of the pool [one a core]")
    parser.add_argument("--out", metavar="DIR", help="folder of the results [runs/FILE]")
    shared.add_loggers(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status: 1 where a configuration failed."""
    from neurorl.sweeps import driver

    if arguments.best is not None:
        return show_best(driver.load(arguments.file, arguments.out)[1], arguments.best)
    a = arguments
    report = driver.sweep(a.file, a.out, a.runner, a.address, a.processes, shared.loggers(a))
    print_failures(report.failures)
    if not arguments.quiet:
        print(f"sweep: {report.folder.path}, {report.computed} of {report.shards} shards computed now")
        if report.folder.results.is_file():
            print(f"results: {report.folder.results}; the best: neurorl sweep {report.folder.path} --best")
    return 1 if report.failures else 0


def show_best(path: Any, count: int) -> int:
    """Print the best rows of a sweep."""
    from neurorl.errors import NeurorlError
    from neurorl.results.text import with_interval
    from neurorl.sweeps import folder, ranking

    if count < 1:
        raise NeurorlError(f"--best {count}: show at least 1 row")
    best = ranking.best(path, count)
    opened, spec = folder.open_sweep(path)
    for env, group in best.groupby("env", sort=False):
        print(f"{env}: greedy return after {', '.join(f'{s:,}' for s in sorted(set(group.env_step)))} steps, "
              "interquartile mean over seeds [95 % interval]")  # fmt: skip
        for row in group.to_dict("records"):
            score = with_interval(row["eval_return"], row["low"], row["high"])
            of = "" if row["seeds"] == spec.head.seeds else f" of {spec.head.seeds}"
            known = ("env", "row", "eval_return", "low", "high", "seeds", "failed", "env_step")
            fields = ", ".join(f"{k}={_short(v)}" for k, v in row.items() if k not in known)
            print(f"  row {row['row']:>5}  {score:28} {row['seeds']}{of} seeds  {fields}")
    if not opened.results.is_file():
        print("the sweep is not complete: these are the shards done so far")
    return 0


def print_failures(failures: list[dict[str, Any]]) -> None:
    """Print what failed, with its error."""
    if failures:
        sys.stderr.write(f"\nneurorl: {len(failures)} failed\n" + "".join(f"  {f['what']}: {f['error']}\n" for f in failures))


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
