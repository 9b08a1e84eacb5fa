"""A plan: by which program each pathway of a network is run, and why.

By default every step is exact (``chunk=1``). In larger chunks, which are asked for, some programs write the weights once a chunk,
and clip them there: the length of a chunk is part of the rule. What a program cannot run falls back to one that can, that pathway
alone, and in the end to the reference.
"""

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from neurorl import backend
from neurorl.errors import NeurorlError, nearest
from neurorl.networks.pathway import Pathway
from neurorl.networks.programs.chunked import Chunked
from neurorl.networks.programs.fan import Fan
from neurorl.networks.programs.matrix import Matrix
from neurorl.networks.programs.product import Product
from neurorl.networks.programs.program import Circumstances, Reference
from neurorl.networks.programs.rows import Rows

if TYPE_CHECKING:
    from neurorl.networks.network import Network

STRETCH = 100  # exact steps that are prepared for at a time
PROGRAMS: tuple[Any, ...] = (Chunked, Rows, Matrix, Fan, Reference)  # the fastest first
STILL: tuple[Any, ...] = (Product, Rows, Fan, Reference)  # where weights hold still for many steps
NAMES = tuple(program.name for program in PROGRAMS)


class Choice(NamedTuple):
    """What runs a pathway."""

    source: str
    target: str
    program: str
    why: str

    def __str__(self) -> str:
        """Return a line."""
        return f"{self.source} -> {self.target}: {self.program} ({self.why})"


class Plan(NamedTuple):
    """What runs a network."""

    chunk: int  # steps
    stretch: int  # steps that are prepared for at a time: a chunk, or so many exact steps
    choices: tuple[Choice, ...]  # of each pathway
    programs: tuple[Any, ...]
    stages: tuple[tuple[str, ...], ...]  # populations that run a chunk together, before those of the next stage

    def __str__(self) -> str:
        """Return a line for each pathway."""
        steps = "every step is exact" if self.chunk == 1 else f"chunks of {self.chunk} steps"
        return "\n".join([steps, *map(str, self.choices)])


def make(network: "Network", chunk: int = 1, program: str | None = None) -> Plan:
    """Return the fastest plan for chunks of so many steps, or the one that runs by ``program`` what that can run.

    Raises:
        NeurorlError: An unknown program, or a chunk of less than one step.
    """
    if not isinstance(chunk, int | np.integer) or isinstance(chunk, bool) or chunk < 1:
        raise NeurorlError(f"'chunk' is {chunk!r}; it must be a whole number of steps of at least 1")
    if program is not None and program not in NAMES:
        raise NeurorlError(f"'program' is {program!r}; it must be one of {', '.join(NAMES)}{nearest(str(program), NAMES)}")
    choices, programs, stages = _chosen(network, network.pathways, int(chunk), PROGRAMS, program)
    if not any(each.needs_ahead for each in programs):
        stages = _sources_first(network)
    stretch = int(chunk) if chunk > 1 else min([STRETCH, *(each.longest for each in programs)])
    return Plan(int(chunk), stretch, choices, programs, stages)


def holding_still(network: "Network", steps: int, program: str | None = None) -> Plan:
    """Return the plan for so many steps in which no weight changes.

    By default what has to walk through spikes is not chosen: it gains for one network alone, and not for many that are mapped.

    Raises:
        NeurorlError: An unknown program.
    """
    names = tuple(each.name for each in STILL)
    if program is not None and program not in names:
        raise NeurorlError(f"'program' is {program!r}; it must be one of {', '.join(names)}{nearest(str(program), names)}")
    allowed = tuple(each for each in STILL if not each.walks or each.name == program)
    pathways = [dataclasses.replace(pathway, plasticity=None) for pathway in network.pathways]
    choices, programs, stages = _chosen(network, pathways, steps, allowed, program)
    if not any(each.needs_ahead for each in programs):
        stages = (tuple(network.populations),)
    return Plan(steps, steps, choices, programs, stages)


def _chosen(
    network: "Network", pathways: list[Pathway], chunk: int, among: tuple[Any, ...], wanted: str | None
) -> tuple[tuple[Choice, ...], tuple[Any, ...], tuple[tuple[str, ...], ...]]:
    """Return what runs each pathway, all programs, and the populations in stages."""
    stages = in_order(network.populations, [(p.source, p.target) for p in pathways])
    level = {name: k for k, names in enumerate(stages) for name in names}
    choices, programs = [], []
    fans: dict[tuple[str, int], list[Any]] = {}
    for index, pathway in enumerate(pathways):
        ahead = level[pathway.source] < level[pathway.target]
        given = Circumstances(chunk, network.config.dt, ahead, network.config.neuromod_enabled, backend.on_cpu())
        kind, why = _program(pathway, given, among, wanted)
        choices.append(Choice(pathway.source, pathway.target, kind.name, why))
        if kind is Fan:
            fans.setdefault((pathway.source, level[pathway.target]), []).append((index, pathway, given))
        else:
            programs.append(kind(index, pathway))
    return tuple(choices), (*programs, *(Fan(members) for members in fans.values())), stages


def _program(pathway: Pathway, given: Circumstances, among: tuple[Any, ...], wanted: str | None) -> tuple[Any, str]:
    """Return the program of a pathway, and why it is that."""
    for program in among:
        if program.name == wanted and (why_not := program.refuses(pathway, given)) is None:
            return program, f"asked for; {program.how(pathway, given)}"
        if program.name == wanted:
            kind, how = _program(pathway, given, among, None)
            return kind, f"not {wanted}, as {why_not}; {how}"
    why_not = ""
    for program in among:
        if (reason := program.refuses(pathway, given)) is None:
            if program is Reference and why_not:
                return program, why_not
            return program, program.how(pathway, given)
        why_not = reason
    raise AssertionError("the reference runs everything")


def _sources_first(network: "Network") -> tuple[tuple[str, ...], ...]:
    """Return populations that no input moves, whose spikes can be had for many steps at once, and then all others."""
    reached, key = {pathway.target for pathway in network.pathways}, jax.random.key(0)
    known = []
    for name, population in network.populations.items():
        ahead = getattr(population.neuron, "ahead", lambda *_: None)
        free = name not in reached and name not in network.asked and population.noise is None and not network.adapts
        if free and jax.eval_shape(lambda p=population, a=ahead: a(p.init(), network.config.dt, key)) is not None:
            known.append(name)
    others = [name for name in network.populations if name not in known]
    return tuple(tuple(names) for names in (known, others) if names)


def in_order(names: Iterable[str], edges: list[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the populations in stages: those of a loop together, and each stage after those from which synapses lead to it."""
    names = list(names)
    reach = {name: {name} for name in names}
    for _ in names:
        for source, target in edges:
            reach[source] |= reach[target]
    loops = {name: tuple(other for other in names if other in reach[name] and name in reach[other]) for name in names}
    return tuple(sorted(dict.fromkeys(loops.values()), key=lambda loop: -len(reach[loop[0]])))
