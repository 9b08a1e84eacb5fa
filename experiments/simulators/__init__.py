"""The same experiments in neurorl, NEST and Brian2, so that their results can be laid over one another.

:mod:`.ours`, :mod:`.with_nest` and :mod:`.with_brian` hold functions of the same names. Each takes neurorl's parameters and an
input with one value a step, and returns named traces with one value a step (weights: one a presynaptic spike). All three
keep one clock: step k covers the time from k dt to (k + 1) dt; a current is constant within its step; what is returned for
step k, and every spike of it, belongs to its end. The simulators keep other clocks. This is all that is done about it:

NEST
- A generator's current acts from one step after the time at which it is told to change, so it is told a step early. A spike sent
  at the start of a step arrives, with the least delay of one step, at its end. Inputs begin with two silent steps.
- A plastic synapse has a dendritic delay of a step or more: a postsynaptic spike meets it that much later. All three simulators
  are given the same delay. A presynaptic and a postsynaptic spike that meet there at the same time make no pair.
- A weight is brought up to date at presynaptic spikes only: there it is compared.
- ``stdp_dopamine_synapse`` integrates c (n - b) between events exactly; ours adds learning_rate e D dt a step, with e at the end
  of the step and, given here, D = n - b at its start. They differ in first order of dt. A volume transmitter hears the dopamine
  neuron a step late, which therefore fires a step early.

Brian2
- The refractory period is counted from the start of the step of the spike, ours and NEST's from its end: it is given a step more.
- Of spikes that meet in one step, the pathway "pre" acts before "post", so that the usual STDP code pairs them. Here pathways
  have an order, weights before traces, and they make no pair.

Where both a potentiation and a depression strike a synapse in one step, ours takes both from the weight before; NEST potentiates
first, Brian2's "pre" pathway depresses first. With soft bounds this makes a difference of second order, at a hard bound one of up
to a change: the scenarios that reach bounds have no such steps.
"""

import importlib
import importlib.metadata
import importlib.util
from types import ModuleType
from typing import NamedTuple

import numpy as np

Traces = dict[str, np.ndarray]
SIMULATORS = {"NEST": ("nest", "nest-simulator"), "Brian2": ("brian2", "brian2")}  # module and distribution


class Dopamine(NamedTuple):
    """A dopamine trace n, whose excess n - baseline turns eligibility into change."""

    spikes: np.ndarray  # [steps], each raises n by 1 / tau
    tau: float  # time constant of n, ms
    baseline: float  # per ms


def installed() -> dict[str, str]:
    """Return the version of each simulator that is installed."""
    versions = {}
    for name, (module, distribution) in SIMULATORS.items():
        if importlib.util.find_spec(module):
            try:
                versions[name] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:  # built from source
                versions[name] = importlib.import_module(module).__version__
    return versions


def find(name: str) -> ModuleType:
    """Return the experiments of a simulator; importing them takes seconds."""
    return importlib.import_module(f"experiments.simulators.with_{ {'NEST': 'nest', 'Brian2': 'brian'}[name] }")


def differences(ours: Traces, theirs: Traces) -> dict[str, float]:
    """Return the largest difference of each trace that both have; of spikes, the number of steps that disagree."""
    found = {}
    for name in ours.keys() & theirs.keys():
        a, b = (np.asarray(traces[name], float) for traces in (ours, theirs))
        if a.shape != b.shape:
            raise AssertionError(f"'{name}' has shape {a.shape} here and {b.shape} there")
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise AssertionError(f"'{name}' is not finite everywhere")
        found[name] = float(np.abs(a - b).sum() if name == "spikes" else np.abs(a - b).max(initial=0.0))
    return found


def agree(ours: Traces, theirs: Traces, **tolerances: float) -> dict[str, float]:
    """Return the differences of two simulations, or raise where they exceed what is tolerated.

    Args:
        ours: Traces of one simulator.
        theirs: Traces of another.
        tolerances: Largest difference of each trace to be compared. Spikes are compared too, where there are any, and must
            be in the same steps.

    Raises:
        AssertionError: A trace is missing, empty or differs by more; the message says which, where and by how much.
    """
    wanted = tolerances | ({"spikes": 0.0} if "spikes" in ours else {})
    for name in wanted:
        if name not in ours or name not in theirs or not len(ours[name]):
            raise AssertionError(f"'{name}' is not in both simulations")
    found = differences(ours, theirs)
    for name, tolerance in wanted.items():
        if not found[name] <= tolerance:
            apart = np.flatnonzero(np.abs(np.asarray(ours[name], float) - theirs[name]) > (tolerance if name != "spikes" else 0))
            raise AssertionError(f"'{name}' differs by {found[name]:.3g}, more than {tolerance:.3g}, first at {apart[0]}")
    return {name: found[name] for name in wanted}
