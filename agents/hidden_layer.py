r"""A hidden population between a code and the values of actions, which dopamine teaches: no backpropagation, no replay.

    y = x^ / sigma;   a = hidden spikes under the drive W y;   Q gets O (a, 1), in units of U
    E <- keep E + rho B_c psi y^T,   Z <- keep Z + c (a, 1)^T            (c: 1 for the action taken)
    d = delta / U,   g = d bounded by the mass of E and Z;    W += g E,   O += g Z,   B += g Z

Rare inputs transmit more (``homeostasis.presynaptic_gain``), feedforward inhibition divides by how much comes
(``synapses.divisive_inhibition``), and hidden neurons are told of the outcome by feedback synapses B of their own, which learn
by the same local term as the forward ones (``plasticity.feedback``; Kolen and Pollack 1994). One number bounds the step of all
synapses (``plasticity.bounded_step``). Of the inputs only those that fire are looked at (``plasticity.listed_synapses``).

U is the unit in which hidden neurons speak. Their weights grow as far whatever it is, so that they are slow where it is small
beside the values: that of the largest value suits neurons which help a code's own synapses, and that of the spread of returns
(``neuromodulation.return_spread``) those which do all the work.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from neurorl import codes
from neurorl.homeostasis import presynaptic_gain
from neurorl.homeostasis.presynaptic_gain import Rates
from neurorl.neuromodulation import return_spread
from neurorl.neurons import closed_form
from neurorl.parameters import Checked, parameter
from neurorl.plasticity import bounded_step, consolidation, eligibility, feedback, listed_synapses, three_factor
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.listed_synapses import Listed, Visited
from neurorl.plasticity.plastic import Plastic
from neurorl.synapses import divisive_inhibition, sparse_uniform

UNITS = ("largest", "spread")
INHIBITION = ("feedforward", "lateral", "constant")
DENSITY = 0.1  # share of forward weights that are not zero at first


class State(NamedTuple):
    """N hidden neurons between D inputs and A actions; one more input and one more hidden neuron are constant."""

    inputs: Rates
    synapses: Listed  # [D + 1, N], of the code onto hidden neurons
    outputs: Plastic  # [A, N + 1], of hidden neurons onto values, with slow components
    feedback: Array  # [A, N]
    mass: Array  # [], of all tags, or a bound on it: what bounds a step
    charge: Array  # [N], in thresholds
    returns: Any  # return_spread.Spread, where its size is the unit


class Fired(NamedTuple):
    """What the neurons did in an environment step."""

    rows: Visited  # of the inputs that fired
    sent: Array  # [k], what these transmitted
    charge: Array  # [N]
    counts: Array  # [N], spikes
    activity: Array  # [N + 1], the constant one last
    slope: Array  # [N], surrogate derivative of the activity


@struct.dataclass
class HiddenLayer(Checked):
    """A hidden population; without neurons there is none."""

    size: int = parameter(0, "hidden neurons; 0: no hidden layer", low=0, high=65_536, static=True)
    heard: int = parameter(64, "input neurons that are heard at most: those that transmit most", low=1, static=True)
    most: int = parameter(16, "spikes of a hidden neuron an environment step at most", low=1, high=65_536, static=True)
    excitability: float = parameter(0.33, "current of a hidden neuron for a unit of drive, thresholds a substep", above=0.0)
    rarest: float = parameter(0.001, "lowest rate of an input that its gain tells from silence; 1: no gain", above=0.0, high=1.0)
    inhibition: str = parameter(
        "feedforward",
        "what divides the drive: how much comes in, how much all hidden neurons are driven (as LayerNorm does), or a constant",
        choices=INHIBITION,
        static=True,
    )
    feedback: str = parameter("kolen-pollack", "how hidden neurons are taught", choices=feedback.KINDS, static=True)
    teaching: float = parameter(2.0, "gain of the feedback", low=0.0)
    decay: float = parameter(0.8, "decay of the hidden layer's eligibility per environment step, beside gamma", low=0.0, high=1.0)
    kappa: float = parameter(3.0, "how many times smaller a step is than the largest safe one", above=0.0)
    damping: float = parameter(1.0, "how much of what large tags would move a value by bounds a step; 0: none", low=0.0)
    unit: str = parameter(
        "largest", "unit of what hidden neurons say: the largest value, or the spread of returns", choices=UNITS, static=True
    )

    def init(self, key: Array, inputs: int, actions: int) -> State:
        """Return a population with sparse random weights, which says nothing yet."""
        keys = jax.random.split(key, 3)
        return State(
            inputs=presynaptic_gain.init(inputs),
            synapses=listed_synapses.init(sparse_uniform.draw(keys[0], self.size, inputs + 1, 1.0 - DENSITY).T),
            outputs=Plastic(*jnp.zeros((3, actions, self.size + 1))),
            feedback=feedback.init(keys[1], actions, self.size),
            mass=jnp.float32(0.0),
            charge=jax.random.uniform(keys[2], (self.size,)),
            returns=return_spread.init() if self.unit == "spread" else (),
        )

    def started_from(self, fresh: State, other: State) -> State:
        """Return a population with the weights of another; tags and activity begin anew."""
        outputs = fresh.outputs._replace(weights=other.outputs.weights, slow=other.outputs.slow)
        synapses = listed_synapses.init(listed_synapses.materialised(other.synapses)[0])
        returns = other.returns._replace(running=fresh.returns.running) if self.unit == "spread" else ()
        return fresh._replace(inputs=other.inputs, synapses=synapses, outputs=outputs, feedback=other.feedback, returns=returns)

    def adapt(self, state: State, code: codes.Code, code_state: Any, observation: Array) -> State:
        """Take in how often inputs fire."""
        return state._replace(inputs=presynaptic_gain.update(state.inputs, *_active(code, code_state, observation)))

    def pay(self, state: State, reward: Array, ended: Array, gamma: Array | float) -> State:
        """Take in what an environment step brought, where the unit depends on it."""
        if self.unit == "largest":
            return state
        return state._replace(returns=return_spread.update(state.returns, reward, ended, gamma))

    def fire(self, state: State, code: codes.Code, code_state: Any, observation: Array) -> Fired:
        """Let an observation drive the neurons for an environment step."""
        x, index = _active(code, code_state, observation)
        x = presynaptic_gain.scaled(state.inputs, x, index, self.rarest)
        if index is None or len(index) > self.heard:
            x, loudest = jax.lax.top_k(x, min(self.heard, len(x)))
            index = loudest if index is None else index[loudest]
        index = jnp.append(index, code.size)  # the input that is constant comes last
        rows = listed_synapses.visit(state.synapses, index)
        sent, drive = self._inhibited(jnp.append(x, 1.0), rows.weights, code.size + 1)
        current = self.excitability * drive
        charge, rate = closed_form.fire(state.charge, current, self.most)
        activity = jnp.append(rate / self.excitability, 1.0)
        return Fired(rows, sent, charge, self.most * rate, activity, closed_form.slope(current))

    def _inhibited(self, x: Array, weights: Array, inputs: int) -> tuple[Array, Array]:
        """Return what the inputs that fire transmit [k], of ``x`` [k], and the drive of the neurons [N]."""
        if self.inhibition == "lateral":
            drive = (x[:, None] * weights).sum(0)
            spread = jnp.sqrt(drive.var() + 1e-5)
            return x / spread, (drive - drive.mean()) / spread
        if self.inhibition == "constant":  # as if of all that can be heard each were as loud as its gain makes it on average
            sent = divisive_inhibition.divide(x, inputs, DENSITY) * jnp.sqrt((1.0 + (x**2).sum()) / (1.0 + self.heard))
        else:
            sent = divisive_inhibition.divide(x, inputs, DENSITY)
        return sent, (sent[:, None] * weights).sum(0)  # on a CPU several times as fast as the product of matrices

    def said(self, weights: Array, fired: Fired) -> Array:
        """Return what the neurons say of the actions, [A], in their unit, by output weights [A, N + 1]."""
        return (weights * fired.activity).sum(1)

    def span(self, state: State, largest: Array) -> Array:
        """Return the ``largest`` value [] that can be told, in the unit of the reward, in that of the neurons."""
        if self.unit == "largest":
            return jnp.float32(1.0)
        return jnp.maximum(largest / return_spread.size(state.returns), 1.0)  # there is no value before the first reward

    def learn(self, state: State, fired: Fired, chosen: Array, delta: Array, keep: Array, slow: Consolidation) -> State:
        """Let ``delta`` [], in the neurons' unit, change the weights; tag the synapses of what was ``chosen`` [A], 1 in sum."""
        back = feedback.read(self.feedback, state.outputs.weights[:, :-1], state.feedback)
        taught = self.teaching * (chosen @ back) * fired.slope
        g = bounded_step.size(delta, state.mass, self.kappa)
        tags, damping = state.outputs.eligibility, self.damping / self.kappa
        added = bounded_step.mass(damping, taught, fired.sent) + bounded_step.mass(damping, chosen, fired.activity)
        weights = three_factor.change(state.outputs.weights, tags, g, 1.0)
        outputs = Plastic(
            weights,
            eligibility.decay(tags, keep, jnp.array(False)) + chosen[:, None] * fired.activity,
            consolidation.update(slow, state.outputs.slow, weights),
        )
        return state._replace(
            synapses=listed_synapses.learn(state.synapses, fired.rows, g, keep, fired.sent, taught),
            outputs=outputs,
            feedback=feedback.learn(self.feedback, state.feedback, g * tags[:, :-1]),
            mass=keep * state.mass + added,
            charge=fired.charge,
        )


def _active(code: codes.Code, state: Any, observation: Array) -> tuple[Array, Array | None]:
    """Return the rates [k] of the inputs that may fire, and which they are, int32 [k]; None: all."""
    if isinstance(code, codes.ListedCode) and code.distinct:
        index, rates = code.active(observation, state)
        return rates, index
    return code.rates(observation, state), None
