"""Local learning rules: what a synapse remembers of its two neurons, and how a third factor turns it into a change."""

from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.coherence import Coherence
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.plastic import Homeostasis, Plastic, PlasticSynapses
from neurorl.plasticity.rules import RULES, Response
from neurorl.plasticity.stdp import STDP

__all__ = [
    "RULES",
    "STDP",
    "Coherence",
    "Consolidation",
    "DopamineSTDP",
    "Homeostasis",
    "Plastic",
    "PlasticSynapses",
    "Response",
    "WeightBounds",
]
