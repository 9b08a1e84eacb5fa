"""The experiments in neurorl."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.simulators import Dopamine, Traces
from neurorl.neurons import adaptive_lif as adaptive_lif_neuron
from neurorl.neurons import izhikevich as izhikevich_neuron
from neurorl.neurons import lif as lif_neuron
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.izhikevich import Izhikevich, IzhikevichState
from neurorl.neurons.lif import LIF
from neurorl.plasticity import bounds as weight_bounds
from neurorl.plasticity import dopamine_stdp as dopamine_rule
from neurorl.plasticity import stdp as stdp_rule
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses import short_term_plasticity as short_term
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import ShortTermPlasticity

Step = Callable[[Any, Any], tuple[Any, Any]]


def scan(init: Callable[[], Any], step: Step, inputs: Any, dtype: str) -> Any:
    """Return the outputs of ``step(state, input)`` over inputs [steps, ...], computed in ``dtype``."""
    with jax.enable_x64(dtype == "float64"):
        inputs = jax.tree.map(lambda x: jnp.asarray(x, dtype), inputs)
        return jax.tree.map(np.asarray, jax.jit(lambda xs: jax.lax.scan(step, init(), xs)[1])(inputs))


def neuron(model: Any, parameters: Any, init: Callable[[], Any], current: np.ndarray, dt: float, dtype: str) -> Traces:
    """Run one neuron of a model; return its state and its spikes."""

    def step(state: Any, current: Any) -> tuple[Any, Any]:
        state, spikes = model.step(parameters, state, current[None], dt)
        return state, {name: x[0] for name, x in state._asdict().items()} | {"spikes": spikes[0]}

    return scan(init, step, current, dtype)


def lif(parameters: LIF, current: np.ndarray, dt: float, dtype: str = "float64") -> Traces:
    """A LIF neuron under a current [steps]."""
    return neuron(lif_neuron, parameters, lambda: lif_neuron.init(1, parameters), current, dt, dtype)


def adaptive_lif(parameters: AdaptiveLIF, current: np.ndarray, dt: float, dtype: str = "float64") -> Traces:
    """An adaptive LIF neuron under a current [steps]."""
    return neuron(adaptive_lif_neuron, parameters, lambda: adaptive_lif_neuron.init(1, parameters), current, dt, dtype)


def izhikevich(parameters: Izhikevich, current: np.ndarray, dt: float, dtype: str = "float64") -> Traces:
    """An Izhikevich neuron under a current [steps], from v = -65, u = b v, where those of the paper start."""

    def init() -> IzhikevichState:
        return IzhikevichState(jnp.full(1, -65.0), jnp.full(1, -65.0 * parameters.b))

    return neuron(izhikevich_neuron, parameters, init, current, dt, dtype)


def exponential_synapse(
    parameters: LIF, synapse: ExponentialCurrent, arriving: np.ndarray, dt: float, dtype: str = "float64"
) -> Traces:
    """A LIF neuron under an exponential synapse; ``arriving`` [steps] are summed weights of the spikes of a step."""

    def step(state: Any, arriving: Any) -> tuple[Any, Any]:
        membrane, current = state
        input = lif_neuron.equivalent_current(parameters, current, synapse.tau, dt)
        membrane, spikes = lif_neuron.step(parameters, membrane, input, dt)
        current = synapse.step(current, arriving[None], dt)
        return (membrane, current), {"v": membrane.v[0], "current": current[0], "spikes": spikes[0]}

    return scan(lambda: (lif_neuron.init(1, parameters), synapse.init(1)), step, arriving, dtype)


def short_term_plasticity(parameters: ShortTermPlasticity, spikes: np.ndarray, dt: float, dtype: str = "float64") -> Traces:
    """Efficacy of each spike of a presynaptic train [steps]."""

    def step(state: Any, spikes: Any) -> tuple[Any, Any]:
        state, efficacy = short_term.step(parameters, state, spikes[None], dt)
        return state, efficacy[0]

    efficacy = scan(lambda: short_term.init(1, parameters), step, spikes, dtype)
    return {"efficacy": efficacy[spikes > 0]}


def stdp(
    parameters: STDP,
    bounds: WeightBounds,
    weight: float,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    dt: float,
    dtype: str = "float64",
) -> Traces:
    """Weight after each presynaptic spike, for trains [steps]; postsynaptic spikes meet the synapse ``delay`` steps late."""
    p = parameters

    def step(carry: Any, spikes: Any) -> tuple[Any, Any]:
        (state, weight), (pre, post) = carry, spikes[:, None]
        state = stdp_rule.decay(p, state, dt)
        changes = (stdp_rule.change(p, state.pre, state.post, *spikes) for spikes in ((pre, 0.0), (0.0, post)))
        weight = weight_bounds.apply(bounds, weight, *changes)
        return (stdp_rule.add(p, state, pre, post), weight), weight[0]

    def init() -> Any:
        return stdp_rule.init(1, 1), jnp.full(1, weight)

    return {"weight": scan(init, step, np.stack([pre, late(post, delay)], 1), dtype)[pre > 0]}


def dopamine_stdp(
    parameters: DopamineSTDP,
    dopamine: Dopamine,
    weight: float,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    dt: float,
    dtype: str = "float64",
) -> Traces:
    """Weight after each presynaptic spike, as in :func:`stdp`, under a dopamine trace."""

    def step(carry: Any, spikes: Any) -> tuple[Any, Any]:
        (state, weight, n), (pre, post, release) = carry, spikes[:, None]
        state, weight = dopamine_rule.step(parameters, state, weight, pre, post, n - dopamine.baseline, dt)
        n = n * jnp.exp(-dt / dopamine.tau) + release / dopamine.tau
        return (state, weight, n), weight[0, 0]

    def init() -> Any:
        return dopamine_rule.init(1, 1), jnp.full((1, 1), weight), jnp.zeros(1)

    spikes = np.stack([pre, late(post, delay), dopamine.spikes], 1)
    return {"weight": scan(init, step, spikes, dtype)[pre > 0]}


def late(spikes: np.ndarray, delay: int) -> np.ndarray:
    """Return a train [steps] ``delay`` steps later."""
    return np.concatenate([np.zeros(delay), spikes[: len(spikes) - delay]])
