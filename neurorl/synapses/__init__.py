"""Synapses: who is joined to whom and how late, and what a postsynaptic neuron sees of its presynaptic spikes."""

from neurorl.synapses.conductance import Conductance
from neurorl.synapses.connectivity import (
    Connectivity,
    all_to_all,
    by_distance,
    fixed_out_degree,
    from_pairs,
    grid,
    one_to_one,
    random,
    small_world,
)
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.projection import Projection, project
from neurorl.synapses.short_term_plasticity import DEPRESSING, FACILITATING, ShortTermPlasticity
from neurorl.synapses.spike_trace import SpikeTrace
from neurorl.synapses.synapse import Delta, Synapse

__all__ = [
    "DEPRESSING",
    "FACILITATING",
    "Conductance",
    "Connectivity",
    "Delta",
    "ExponentialCurrent",
    "Projection",
    "ShortTermPlasticity",
    "SpikeTrace",
    "Synapse",
    "all_to_all",
    "by_distance",
    "fixed_out_degree",
    "from_pairs",
    "grid",
    "one_to_one",
    "project",
    "random",
    "small_world",
]
