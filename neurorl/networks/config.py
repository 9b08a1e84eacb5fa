"""What all populations and connections of a network share, unless they say otherwise."""

from typing import Any

from flax import struct
from jax import Array

from neurorl.homeostasis import scaling
from neurorl.neuromodulation.effects import Effects
from neurorl.neuromodulation.modulators import Modulators
from neurorl.neurons import MODELS, neuron
from neurorl.neurons.lif import LIF
from neurorl.parameters import Checked, parameter
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses.short_term_plasticity import DEPRESSING, ShortTermPlasticity


@struct.dataclass
class NetworkConfig(Checked):
    """Constants of a network. The switches turn a mechanism off everywhere."""

    dt: float = parameter(1.0, "time step, ms", above=0.0, static=True)
    neuron: Any = LIF()  # model of populations that name none: an object, a name of ``neurorl.neurons.MODELS``, or module:Class
    max_delay: float = parameter(20.0, "longest delay of a synapse, ms", above=0.0, static=True)
    stdp_enabled: bool = parameter(True, "whether plastic connections learn", static=True)
    stp_enabled: bool = parameter(True, "whether connections with short-term plasticity tire and facilitate", static=True)
    neuromod_enabled: bool = parameter(
        True,
        "whether dopamine gates plasticity and the modulators act on the network; without it STDP changes weights at once",
        static=True,
    )
    scaling: str = parameter(
        "none", "norm of each neuron's plastic input weights that is kept", choices=scaling.NORMS, static=True
    )
    scaling_target: float | Array = parameter(10.0, "what the norm is kept at, in the unit of the weights", above=0.0)
    threshold_rate: float | Array = parameter(0.0, "rise of the threshold at a spike, mV, where there is one; 0: none", low=0.0)
    target_rate: float | Array = parameter(10.0, "rate at which the threshold holds still, Hz", low=0.0)
    stdp: DopamineSTDP = DopamineSTDP()
    stp: ShortTermPlasticity = DEPRESSING
    modulators: Modulators = Modulators()
    effects: Effects = Effects()

    def __post_init__(self) -> None:
        """Raise a NeurorlError that names the field, the value and the fix."""
        super().__post_init__()
        if isinstance(self.neuron, str):
            object.__setattr__(self, "neuron", neuron.find(self.neuron, MODELS))
