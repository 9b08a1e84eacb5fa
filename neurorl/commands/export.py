"""``neurorl export DIR``: write a trained agent for other programs."""

import argparse
from typing import Any

import neurorl
from neurorl.commands import arguments as shared
from neurorl.errors import NeurorlError


def add(commands: Any) -> None:
    """Add the command and its arguments to the parser."""
    parser = commands.add_parser(
        "export",
        help="write a trained agent for other programs",
        description="Write a trained agent as one file to share, or as a graph that other simulators read.",
    )
    parser.add_argument("dir", metavar="DIR", help="folder of the run, a file of one, or zoo/NAME")
    parser.add_argument("--out", metavar="FILE", help="learners and configuration as one file (.safetensors) that evaluate takes")
    parser.add_argument("--nir", metavar="FILE", help="one learner as a NIR graph (needs the extra nir; docs/nir.md)")
    parser.add_argument("--nwb", metavar="FILE", help="an episode of one learner, spikes and signals (needs the extra nwb)")
    parser.add_argument("--seed-index", type=int, metavar="I", help="only learner I, counted from 0")
    parser.add_argument(
        "--refine", type=int, default=1, metavar="K", help="steps of a simulator in one of the agent's [%(default)s]"
    )
    parser.add_argument(
        "--leave-out", action="append", default=[], metavar="NAME", help="what NIR cannot say and may be lost; may be repeated"
    )
    shared.add_made(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neurorl.backend import compute_inline

    compute_inline()
    if arguments.nir is None and arguments.out is None and arguments.nwb is None:
        raise NeurorlError("say what to write: --out FILE.safetensors, --nir FILE, or --nwb FILE")
    run = neurorl.load(arguments.dir, **shared.made(arguments))
    if arguments.out is not None:
        target = run.export(arguments.out, arguments.seed_index)
        print(f"{target}: {target.stat().st_size / 1e3:,.0f} kB")
    if arguments.nir is not None:
        _write_nir(run, arguments)
    if arguments.nwb is not None:
        _write_nwb(run, arguments)
    return 0


def _write_nir(exported: Any, arguments: argparse.Namespace) -> None:
    from neurorl import nir

    player = nir.player(exported.agent(arguments.seed_index or 0), arguments.refine, arguments.leave_out)
    nir.write(player.graph, arguments.nir)
    print(f"{arguments.nir}: {player.steps} steps of {player.dt:g} ms in an environment step")


def _write_nwb(run: Any, arguments: argparse.Namespace) -> None:
    from neurorl import exchange

    recorded = exchange.of_episode(run, arguments.seed_index or 0)
    exchange.write_nwb(recorded, arguments.nwb, f"an episode of {run.values['env_id']} by {run.values['agent_id']}")
    units = sum(len(trains) for trains in recorded.spikes.values())
    print(f"{arguments.nwb}: {units} units, {recorded.t_stop / 1000.0:g} s")
