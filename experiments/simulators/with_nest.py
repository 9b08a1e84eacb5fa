"""The experiments in NEST, whose clock is described in :mod:`experiments.simulators`."""

import os
from typing import Any

import numpy as np

from experiments.simulators import Dopamine, Traces
from neurorl.neurons.izhikevich import Izhikevich
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity

os.environ.setdefault("PYNEST_QUIET", "1")
import nest

CURRENT_LAG = 1  # steps from the time a current generator is told to the start of the step in which its current acts
SPIKE_LAG = 1  # steps from the time a spike generator is told to the end of the step in which its spike arrives


def lif(parameters: LIF, current: np.ndarray, dt: float) -> Traces:
    """A LIF neuron under a current [steps]."""
    reset(dt)
    cell = nest.Create("iaf_psc_exp", params=membrane(parameters))
    connect_current(current, cell, dt)
    return record(cell, {"v": "V_m"}, len(current), dt)


def izhikevich(parameters: Izhikevich, current: np.ndarray, dt: float) -> Traces:
    """An Izhikevich neuron under a current [steps], from v = -65, u = b v."""
    reset(dt)
    p = parameters
    constants = {"a": p.a, "b": p.b, "c": p.c, "d": p.d, "V_th": p.v_peak, "consistent_integration": p.scheme == "euler"}
    cell = nest.Create("izhikevich", params=constants | {"V_m": -65.0, "U_m": -65.0 * p.b})
    connect_current(current, cell, dt)
    return record(cell, {"v": "V_m", "u": "U_m"}, len(current), dt)


def exponential_synapse(parameters: LIF, synapse: ExponentialCurrent, arriving: np.ndarray, dt: float) -> Traces:
    """A LIF neuron under an exponential synapse; ``arriving`` [steps] are summed weights, not negative, of a step's spikes."""
    reset(dt)
    cell = nest.Create("iaf_psc_exp", params=membrane(parameters) | {"tau_syn_ex": synapse.tau})
    steps = np.flatnonzero(arriving)
    source = spike_generator(arriving, dt, spike_weights=arriving[steps])
    nest.Connect(source, cell, syn_spec={"delay": dt})
    return record(cell, {"v": "V_m", "current": "I_syn_ex"}, len(arriving), dt)


def short_term_plasticity(parameters: ShortTermPlasticity, spikes: np.ndarray, dt: float) -> Traces:
    """Efficacy of each spike of a presynaptic train [steps]."""
    reset(dt)
    p = parameters
    constants = {"U": p.u, "u": p.u, "x": 1.0, "tau_rec": p.tau_rec, "tau_fac": p.tau_facil, "weight": 1.0, "delay": dt}
    weights = record_weights("tsodyks2_synapse", {}, constants, spikes, nest.Create("parrot_neuron"), dt)
    return {"efficacy": weights}


def stdp(
    parameters: STDP,
    bounds: WeightBounds,
    weight: float,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    dt: float,
) -> Traces:
    """Weight after each presynaptic spike, for trains [steps]; postsynaptic spikes meet the synapse ``delay`` steps late."""
    if bounds.w_min != 0 or bounds.kind == "none":
        raise ValueError("the weights of NEST's stdp_synapse have bounds, the lower one is 0")
    reset(dt)
    p, soft = parameters, bounds.kind == "soft"
    constants = {"lambda": p.a_plus / bounds.w_max, "alpha": p.a_minus / p.a_plus, "tau_plus": p.tau_plus, "Wmax": bounds.w_max}
    constants |= {"mu_plus": bounds.mu_plus * soft, "mu_minus": bounds.mu_minus * soft, "weight": weight, "delay": delay * dt}
    target = parrot(post, dt, tau_minus=p.tau_minus)
    return {"weight": record_weights("stdp_synapse", {}, constants, pre, target, dt)}


def dopamine_stdp(
    parameters: DopamineSTDP,
    dopamine: Dopamine,
    weight: float,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    dt: float,
) -> Traces:
    """Weight after each presynaptic spike, as in :func:`stdp`, under a dopamine trace."""
    reset(dt)
    p, transmitter = parameters, nest.Create("volume_transmitter")
    early = np.append(dopamine.spikes[1:], 0.0)  # the transmitter hears a spike one step of delay after it
    nest.Connect(parrot(early, dt), transmitter, syn_spec={"delay": dt})
    amplitudes = {"A_plus": p.learning_rate * p.stdp.a_plus, "A_minus": p.learning_rate * p.stdp.a_minus}
    times = {"tau_plus": p.stdp.tau_plus, "tau_c": p.tau_e, "tau_n": dopamine.tau, "b": dopamine.baseline}
    ends = {"Wmin": p.bounds.w_min, "Wmax": p.bounds.w_max, "volume_transmitter": transmitter}
    target = parrot(post, dt, tau_minus=p.stdp.tau_minus)
    synapse = {"weight": weight, "delay": delay * dt}
    return {"weight": record_weights("stdp_dopamine_synapse", amplitudes | times | ends, synapse, pre, target, dt)}


def reset(dt: float) -> None:
    """Begin an experiment with steps of ``dt`` ms."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.local_num_threads = 1
    nest.resolution = dt


def membrane(p: LIF) -> dict[str, Any]:
    """Return the parameters of ``iaf_psc_exp``, at rest, with currents in pA for our units of current."""
    constants = {"tau_m": p.tau_m, "C_m": p.tau_m / p.resistance, "E_L": p.v_rest, "V_th": p.v_threshold}
    return constants | {"V_reset": p.v_reset, "t_ref": p.refractory, "V_m": p.v_rest}


def connect_current(current: np.ndarray, cell: Any, dt: float) -> None:
    """Let a current [steps] act on a cell, each value in its own step."""
    steps = np.flatnonzero(np.diff(current)) + 1
    if current[: CURRENT_LAG + 1].any():  # a generator is told of changes at positive times only
        raise ValueError(f"NEST has no current in the first {CURRENT_LAG + 1} steps; let it begin with as many zeros")
    changes = {"amplitude_times": np.round((steps - CURRENT_LAG) * dt, 6), "amplitude_values": current[steps]}
    nest.Connect(nest.Create("step_current_generator", params=changes), cell, syn_spec={"delay": dt})


def spike_generator(spikes: np.ndarray, dt: float, **more: Any) -> Any:
    """Return a generator whose spikes arrive, over a delay of one step, in the steps where ``spikes`` [steps] is not 0."""
    steps = np.flatnonzero(spikes)
    if spikes[:SPIKE_LAG].any():
        raise ValueError(f"NEST has no spike in the first {SPIKE_LAG} steps; let the train begin with as many zeros")
    return nest.Create("spike_generator", params={"spike_times": np.round((steps + 1 - SPIKE_LAG) * dt, 6)} | more)


def parrot(spikes: np.ndarray, dt: float, **constants: Any) -> Any:
    """Return a neuron that fires in the steps where ``spikes`` [steps] is not 0."""
    cell = nest.Create("parrot_neuron", params=constants)
    nest.Connect(spike_generator(spikes, dt), cell, syn_spec={"delay": dt})
    return cell


def record_weights(
    model: str, common: dict[str, Any], synapse: dict[str, Any], pre: np.ndarray, post: Any, dt: float
) -> np.ndarray:
    """Simulate a synapse onto the neuron ``post``; return its weight at each spike of the train ``pre`` [steps].

    Args:
        model: Its model in NEST.
        common: Constants that all synapses of the model share.
        synapse: Its own constants.
    """
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "recorded", common | {"weight_recorder": recorder})
    deaf = {"receptor_type": 1}  # a parrot repeats no spike of this receptor: the synapse learns and moves nothing
    nest.Connect(parrot(pre, dt), post, syn_spec={"synapse_model": "recorded"} | synapse | deaf)
    nest.Simulate((len(pre) + 1) * dt)
    return np.array(recorder.events["weights"])


def record(cell: Any, names: dict[str, str], steps: int, dt: float) -> Traces:
    """Simulate, and return the recorded quantities and the spikes of a cell, one value a step."""
    meter = nest.Create("multimeter", params={"record_from": list(names.values()), "interval": dt})
    detector = nest.Create("spike_recorder")
    nest.Connect(meter, cell)
    nest.Connect(cell, detector)
    nest.Simulate((steps + 1) * dt)  # a multimeter reads a step's end in the next step
    spikes = np.zeros(steps + 1)
    spikes[np.round(np.array(detector.events["times"]) / dt).astype(int) - 1] = 1.0
    traces = {ours: np.array(meter.events[theirs])[:steps] for ours, theirs in names.items()}
    return traces | {"spikes": spikes[:steps]}
