"""What all populations and connections of a network share, unless they say otherwise."""

from flax import struct
from jax import Array

from neurorl.homeostasis import scaling
from neurorl.networks import models
from neurorl.neuromodulation.effects import Effects
from neurorl.neuromodulation.modulators import Modulators
from neurorl.neurons.escape_rate import EscapeRate
from neurorl.neurons.lif import LIF
from neurorl.parameters import Checked, parameter
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.synapses.short_term_plasticity import DEPRESSING, ShortTermPlasticity


@struct.dataclass
class NetworkConfig(Checked):
    """Constants of a network. The switches turn a mechanism off everywhere."""

    dt: float = parameter(1.0, "time step, ms", above=0.0, static=True)
    neuron: str = parameter("lif", "model of populations that name none", choices=models.NAMES, static=True)
    tau_m: float | Array = parameter(20.0, "membrane time constant of the LIF family, ms", above=0.0)
    v_rest: float | Array = parameter(-70.0, "resting potential of the LIF family, mV")
    v_thresh: float | Array = parameter(-55.0, "potential at which it fires, mV")
    v_reset: float | Array = parameter(-75.0, "potential after a spike, mV")
    tau_ref: float | Array = parameter(2.0, "refractory period, ms", low=0.0)
    resistance: float | Array = parameter(1.0, "membrane resistance, mV per unit of current", above=0.0)
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
    threshold_rate: float | Array = parameter(0.0, "rise of the threshold of the LIF family at a spike, mV; 0: none", low=0.0)
    target_rate: float | Array = parameter(10.0, "rate at which the threshold holds still, Hz", low=0.0)
    stdp: DopamineSTDP = DopamineSTDP()
    stp: ShortTermPlasticity = DEPRESSING
    modulators: Modulators = Modulators()
    effects: Effects = Effects()
    escape: EscapeRate | None = None

    @property
    def membrane(self) -> LIF:
        """The membrane constants of the LIF family."""
        return LIF(self.tau_m, self.v_rest, self.v_thresh, self.v_reset, self.tau_ref, self.resistance)
