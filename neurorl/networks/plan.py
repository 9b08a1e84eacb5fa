"""A plan: by which program each pathway of a network is run, and why.

By default every step is exact (``chunk=1``). In larger chunks, which are asked for, some programs write the weights once a chunk,
and clip them there: the length of a chunk is part of the rule.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from neurorl.networks.programs.chunked import Chunked
from neurorl.networks.programs.fan import Fan
from neurorl.networks.programs.program import Reference
from neurorl.networks.programs.rows import Rows

if TYPE_CHECKING:
    from neurorl.networks.network import Network


class Choice(NamedTuple):
    """What runs a pathway."""

    source: str
    target: str
    program: str
    why: str

    def __str__(self) -> str:
        """Return a line."""
        return f"{self.source} -> {self.target}: {self.program}, {self.why}"


class Plan(NamedTuple):
    """What runs a network."""

    chunk: int  # steps
    choices: tuple[Choice, ...]  # of each pathway
    programs: tuple[Any, ...]
    stages: tuple[tuple[str, ...], ...]  # populations that run a chunk together, before those of the next stage

    def __str__(self) -> str:
        """Return a line for each pathway."""
        return "\n".join([f"chunks of {self.chunk} steps", *map(str, self.choices)])


def make(network: "Network", chunk: int = 1) -> Plan:
    """Return the fastest plan for chunks of so many steps."""
    stages = in_order(network.populations, [(p.source, p.target) for p in network.pathways])
    level = {name: k for k, names in enumerate(stages) for name in names}
    choices, programs, fans = [], [], {}
    for index, pathway in enumerate(network.pathways):
        ahead = level[pathway.source] < level[pathway.target]
        program, why = _program(network, pathway, chunk, ahead)
        choices.append(Choice(pathway.source, pathway.target, program.name, why))
        if program is Fan:
            fans.setdefault((pathway.source, level[pathway.target]), []).append((index, pathway))
        else:
            programs.append(program(index, pathway))
    programs += [Fan(members, chunk) for members in fans.values()]
    if not any(program.needs_ahead for program in programs):
        stages = (tuple(network.populations),)
    return Plan(chunk, tuple(choices), tuple(programs), stages)


def _program(network: "Network", pathway: Any, chunk: int, ahead: bool) -> tuple[type, str]:
    """Return the program of a pathway, and why it is that."""
    gated = network.config.neuromod_enabled
    if chunk > 1 and ahead and gated and Chunked.refuses(pathway) is None:
        return Chunked, "weights are written once a chunk"
    if Rows.refuses(pathway) is None:
        return Rows, "every pair has a synapse, every step is exact"
    if pathway.plasticity is not None and not gated:
        return Reference, "nothing gates its plasticity"
    if (why_not := Fan.refuses(pathway, chunk)) is None:
        how = "every step is exact" if chunk == 1 or pathway.plasticity is None else "weights are clipped at spikes and chunks"
        return Fan, f"work for the neurons that spike, {how}"
    return Reference, why_not


def in_order(names: Iterable[str], edges: list[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the populations in stages: those of a loop together, and each stage after those from which synapses lead to it."""
    names = list(names)
    reach = {name: {name} for name in names}
    for _ in names:
        for source, target in edges:
            reach[source] |= reach[target]
    loops = {name: tuple(other for other in names if other in reach[name] and name in reach[other]) for name in names}
    return tuple(sorted(dict.fromkeys(loops.values()), key=lambda loop: -len(reach[loop[0]])))
