"""The experiments in Brian2, whose clock is described in :mod:`experiments.simulators`."""

from typing import Any

import brian2
import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms

from experiments.simulators import Dopamine, Traces
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.izhikevich import Izhikevich
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity

brian2.prefs.codegen.target = "numpy"  # no compiler is needed, and a short run starts sooner
brian2.prefs.logging.file_log = brian2.prefs.logging.save_script = False

MEMBRANE = "dv/dt = (v_rest - v + resistance * {current}) / tau_m : 1 (unless refractory)"
FIRES = {"threshold": "v >= v_threshold", "reset": "v = v_reset"}


def lif(parameters: LIF, current: np.ndarray, dt: float) -> Traces:
    """A LIF neuron under a current [steps]."""
    cell = neuron(MEMBRANE.format(current="I(t)"), parameters, dt, I=TimedArray(current, dt=dt * ms), **FIRES)
    cell.v = parameters.v_rest
    return record(cell, ["v"], len(current), dt)


def adaptive_lif(parameters: AdaptiveLIF, current: np.ndarray, dt: float) -> Traces:
    """An adaptive LIF neuron under a current [steps]."""
    equations = MEMBRANE.format(current="(I(t) - adaptation)") + "\ndadaptation/dt = -adaptation / tau_w : 1"
    fires = FIRES | {"reset": "v = v_reset; adaptation += b"}
    cell = neuron(equations, parameters, dt, I=TimedArray(current, dt=dt * ms), **fires)
    cell.v = parameters.v_rest
    return record(cell, ["v", "adaptation"], len(current), dt)


def izhikevich(parameters: Izhikevich, current: np.ndarray, dt: float) -> Traces:
    """An Izhikevich neuron under a current [steps], from v = -65, u = b v, by the Euler scheme."""
    if parameters.scheme != "euler":
        raise ValueError(f"the scheme is '{parameters.scheme}'; Brian2 has 'euler' only")
    equations = """
    dv/dt = (0.04 * v**2 + 5 * v + 140 - u + I(t)) / ms : 1
    du/dt = a * (b * v - u) / ms : 1
    """
    fires = {"threshold": "v >= v_peak", "reset": "v = c; u += d"}
    cell = neuron(equations, parameters, dt, method="euler", I=TimedArray(current, dt=dt * ms), **fires)
    cell.v, cell.u = -65.0, -65.0 * parameters.b
    return record(cell, ["v", "u"], len(current), dt)


def exponential_synapse(parameters: LIF, synapse: ExponentialCurrent, arriving: np.ndarray, dt: float) -> Traces:
    """A LIF neuron under an exponential synapse; ``arriving`` [steps] are summed weights of the spikes of a step."""
    equations = MEMBRANE.format(current="current") + "\ndcurrent/dt = -current / tau_s : 1"
    cell = neuron(equations, parameters, dt, tau_s=synapse.tau * ms, **FIRES)
    cell.v = parameters.v_rest
    weight = TimedArray(arriving, dt=dt * ms)
    spikes = source(arriving, dt)
    synapses = Synapses(spikes, cell, on_pre="current += weight(t)", namespace={"weight": weight}, dt=dt * ms)
    synapses.connect()
    return record(cell, ["v", "current"], len(arriving), dt, spikes, synapses)


def short_term_plasticity(parameters: ShortTermPlasticity, spikes: np.ndarray, dt: float) -> Traces:
    """Efficacy of each spike of a presynaptic train [steps]."""
    p = parameters
    facilitation = "du/dt = -u / tau_facil : 1 (clock-driven)" if p.tau_facil > 0 else "u : 1"
    equations = facilitation + "\ndx/dt = (1 - x) / tau_rec : 1 (clock-driven)\nefficacy : 1"
    released = f"u = U + u * {'(1 - U)' if p.tau_facil > 0 else '0'}; efficacy = u * x; x -= efficacy"
    namespace = {"U": p.u, "tau_rec": p.tau_rec * ms, "tau_facil": p.tau_facil * ms}
    pre, post = source(spikes, dt), target(dt)
    synapses = Synapses(pre, post, equations, on_pre=released, method="exact", namespace=namespace, dt=dt * ms)
    synapses.connect()
    synapses.x = 1
    return {"efficacy": run(synapses, ["efficacy"], len(spikes), dt, pre, post)["efficacy"][spikes > 0]}


PAIRS = """
dx/dt = -x / tau_plus : 1 (clock-driven)
dy/dt = -y / tau_minus : 1 (clock-driven)
"""


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
    soft = bounds.kind == "soft"
    scale = {"above": "((w_max - w) / (w_max - w_min))**mu_plus", "below": "((w - w_min) / (w_max - w_min))**mu_minus"}
    above, below = (f" * {scale[side]}" if soft else "" for side in ("above", "below"))
    namespace = constants(parameters) | constants(bounds)
    return plastic_synapse(
        PAIRS + "w : 1",
        f"w = clip(w - a_minus * y{below}, w_min, w_max)",
        f"w = clip(w + a_plus * x{above}, w_min, w_max)",
        (weight, pre, post, delay, dt),
        {"method": "exact", "namespace": namespace},
    )


def dopamine_stdp(
    parameters: DopamineSTDP,
    dopamine: Dopamine,
    weight: float,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    dt: float,
) -> Traces:
    """Weight after each presynaptic spike, as in :func:`stdp`, under a dopamine trace; the bounds must not be reached."""
    equations = (
        PAIRS
        + """
    dc/dt = -c / tau_e : 1 (clock-driven)
    dn/dt = -n / tau_n : 1 (clock-driven)
    dw/dt = learning_rate * c * (n - baseline) / ms : 1 (clock-driven)
    """
    )
    p = parameters
    namespace = constants(p.stdp, tau_e=p.tau_e * ms, learning_rate=p.learning_rate)
    namespace |= {"tau_n": dopamine.tau * ms, "baseline": dopamine.baseline}
    return plastic_synapse(
        equations,
        "c -= a_minus * y",
        "c += a_plus * x",
        (weight, pre, post, delay, dt),
        {"method": "rk4", "namespace": namespace},
        dopamine,
    )


def plastic_synapse(
    equations: str,
    on_pre: str,
    on_post: str,
    trains: tuple[float, np.ndarray, np.ndarray, int, float],
    options: dict[str, Any],
    dopamine: Dopamine | None = None,
) -> Traces:
    """Return the weight ``w`` of a synapse after each presynaptic spike.

    Args:
        equations: Of the traces x and y, the weight w, and n where there is dopamine.
        on_pre, on_post: What a spike does, before it raises its own trace.
        trains: Initial weight, presynaptic and postsynaptic train [steps], delay of the latter in steps, and dt.
        options: Further options of the synapse.
        dopamine: A trace that raises n.
    """
    weight, pre, post, delay, dt = trains
    groups = [source(pre, dt), source(post, dt)]
    first, then = {"pre_first": on_pre, "pre_then": "x += 1"}, {"post_first": on_post, "post_then": "y += 1"}
    synapses = Synapses(*groups, equations, on_pre=first, on_post=then, dt=dt * ms, **options)
    synapses.connect()
    synapses.w = weight
    for pathway in (synapses.pre_then, synapses.post_then):
        pathway.order = 1
    for pathway in (synapses.post_first, synapses.post_then):
        pathway.delay = delay * dt * ms
    if dopamine is not None:
        neuron = source(dopamine.spikes, dt)
        release = Synapses(neuron, synapses, on_pre="n_post += 1 / tau", namespace={"tau": dopamine.tau}, dt=dt * ms)
        release.connect()
        groups += [neuron, release]
    return {"weight": run(synapses, ["w"], len(pre), dt, *groups)["w"][pre > 0]}


def constants(parameters: Any, **more: Any) -> dict[str, Any]:
    """Return the fields of a parameter group under their own names, times with their unit."""
    times = {"refractory"} | {name for name in vars(parameters) if name.startswith("tau")}
    values = {name: value * ms if name in times else value for name, value in vars(parameters).items()}
    return {name: value for name, value in values.items() if not isinstance(value, str)} | more


def neuron(
    equations: str, parameters: Any, dt: float, method: str = "exact", threshold: str = "", reset: str = "", **more: Any
) -> Any:
    """Return a group of one neuron."""
    namespace = constants(parameters, **more)
    refractory = namespace.pop("refractory", None)
    held = {"refractory": refractory + dt * ms} if refractory is not None else {}
    return NeuronGroup(1, equations, threshold=threshold, reset=reset, method=method, namespace=namespace, dt=dt * ms, **held)


def source(spikes: np.ndarray, dt: float) -> Any:
    """Return a neuron that fires in the steps where ``spikes`` [steps] is not 0."""
    steps = np.flatnonzero(spikes)
    return SpikeGeneratorGroup(1, np.zeros(len(steps), int), steps * dt * ms, dt=dt * ms)


def target(dt: float) -> Any:
    """Return a neuron that does nothing."""
    return NeuronGroup(1, "", dt=dt * ms)


def record(cell: Any, names: list[str], steps: int, dt: float, *parts: Any) -> Traces:
    """Simulate, and return the recorded quantities and the spikes of a cell, one value a step."""
    detector = SpikeMonitor(cell)
    traces = run(cell, names, steps, dt, detector, *parts)
    spikes = np.zeros(steps)
    spikes[np.round(np.asarray(detector.t / ms) / dt).astype(int)] = 1.0
    return traces | {"spikes": spikes}


def run(group: Any, names: list[str], steps: int, dt: float, *parts: Any) -> Traces:
    """Simulate a group of one with the other parts of its network; return its variables at the end of every step."""
    monitor = StateMonitor(group, names, record=True, when="end", dt=dt * ms)
    Network(group, monitor, *parts).run(steps * dt * ms, namespace={})
    return {name: np.array(getattr(monitor, name)[0]) for name in names}
