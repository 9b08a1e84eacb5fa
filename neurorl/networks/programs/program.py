"""What a program is: a way to run some pathways of one source.

    inner      = program.open(states)                                  in the program's own layout, at the start of a run
    inner      = program.begin(inner, Ahead(...), sent)                at the start of a chunk of K steps
    inner      = program.begin_block(inner, start)                     at the start of a block of them, and end_block
    inner      = program.arrive(inner, spikes, t, dt, factor)          what was sent arrives, before the neurons fire
    synapses   = program.acting(inner)                                 (target, synapse model, its state) of each pathway
    inner      = program.learn(inner, step)                            after they have fired
    inner      = program.flush(inner)                                  at the end of the chunk: weights are what they are
    states     = program.close(inner)                                  as :class:`PathwayState`, at the end of a run

A chunk is one step unless the caller asks for more. The reference runs any pathway, as ``networks/pathway.py`` says.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from jax import Array

from neurorl.networks.pathway import Pathway, PathwayState


class Circumstances(NamedTuple):
    """What decides, beside the pathway, which programs can run it."""

    chunk: int  # steps
    dt: float  # ms
    ahead: bool  # whether its target has no way back to its source
    gated: bool  # whether dopamine gates plasticity
    on_cpu: bool


class Ahead(NamedTuple):
    """What is known of a chunk of K steps before it begins."""

    dopamine: Array | None  # [K], phasic; None where nothing gates plasticity
    rate: Array | float  # [K], factor of the learning rate
    dt: float  # ms


class Step(NamedTuple):
    """What pathways learn from in a step."""

    t: Array | int  # its number within the chunk
    pre: Array  # [n], presynaptic spikes of the step before
    post: dict[str, Array]  # [m] of each population, spikes of this step
    hazard: dict[str, Array]  # [m], the probability that they had, of populations of which a rule asks for it
    dopamine: Array | None  # []
    rate: Array | float  # []
    dt: float  # ms


class Program:
    """What programs share: the verbs that one which is exact in every step leaves alone."""

    name: str
    needs_ahead = False  # whether it must know the presynaptic spikes of a chunk before it begins
    walks = False  # whether what it does depends on how many spikes there are: such copies are run one after another
    longest = 1_000_000  # steps between begin and flush

    def begin(self, inner: Any, ahead: Ahead, sent: Array | None = None) -> Any:
        """Return the pathways at the start of a chunk."""
        return inner

    def begin_block(self, inner: Any, start: Array) -> Any:
        """Return the pathways at the start of a block."""
        return inner

    def end_block(self, inner: Any, start: Array) -> Any:
        """Return the pathways at the end of a block."""
        return inner

    def flush(self, inner: Any) -> Any:
        """Return the pathways with their weights as they are."""
        return inner


class Reference(Program):
    """One pathway, as it says itself."""

    name = "stepwise"

    @staticmethod
    def refuses(pathway: Pathway, given: Circumstances) -> str | None:
        """Return why a pathway cannot be run so, or None: the reference runs any."""
        return None

    @staticmethod
    def how(pathway: Pathway, given: Circumstances) -> str:
        """Return what running it so means."""
        return "the reference, every step is exact"

    def __init__(self, index: int, pathway: Pathway):
        """Take pathway number ``index`` of a network."""
        self.indices = (index,)
        self.pathway = pathway
        self.source = pathway.source
        self.targets = (pathway.target,)

    def open(self, states: Sequence[PathwayState]) -> Any:
        """Return the pathway's state."""
        return states[0]

    def close(self, inner: Any) -> list[PathwayState]:
        """Return the pathway's state."""
        return [inner]

    def arrive(self, inner: Any, spikes: Array, t: Array | int, dt: float, factor: Array | float) -> Any:
        """Let what was sent arrive."""
        return self.pathway.arrive(inner, spikes, dt, factor)

    def acting(self, inner: Any) -> list[tuple[str, Any, Any]]:
        """Return the target, the synapse model and its state."""
        return [(self.pathway.target, self.pathway.synapse, inner.synapse)]

    def learn(self, inner: Any, step: Step) -> Any:
        """Change the weights."""
        target = self.pathway.target
        return self.pathway.learn(inner, step.pre, step.post[target], step.hazard.get(target), step.dopamine, step.rate, step.dt)
