r"""A hidden population between a code and the values of actions, which dopamine teaches: no backpropagation, no replay.

    y = x^ / sigma;   a = hidden spikes under the drive W y;   Q gets O (a, 1), in units of U
    E <- keep E + rho B_c psi y^T,   Z <- keep Z + c (a, 1)^T            (c: 1 for the action taken)
    d = delta / U,   g = d bounded by the mass of E and Z;    W += g E,   O += g Z,   B += g Z

Rare inputs transmit more (``homeostasis.presynaptic_gain``), feedforward inhibition divides by how much comes
(``synapses.divisive_inhibition``), and hidden neurons are told of the outcome by feedback synapses B of their own, which learn
by the same local term as the forward ones (``plasticity.feedback``; Kolen and Pollack 1994). One number bounds the step of all
synapses (``plasticity.bounded_step``). Of the inputs only those that fire are looked at (``plasticity.listed_synapses``).

Hidden neurons may hear a working memory as well (``codes.working_memory``): partners of the input neurons that transmitted most
when an episode began, which go on firing to its end, so that what was shown once decides what is done long after.

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
from neurorl.codes import working_memory
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


class Activity(NamedTuple):
    """What goes on in an episode and is not learned."""

    charge: Array  # [N], in thresholds
    held: Any  # working_memory.Listed, what the partners fire, where there is a memory


class State(NamedTuple):
    """N hidden neurons between D inputs and A actions; one more input and one more hidden neuron are constant.

    The inputs are the neurons of the code and, where there is a memory, after them as many partners.
    """

    inputs: Rates  # of the code's neurons
    partners: Any  # Rates of theirs, where there is a memory
    synapses: Listed  # [D + 1, N], onto hidden neurons
    outputs: Plastic  # [A, N + 1], of hidden neurons onto values, with slow components
    feedback: Array  # [A, N]
    mass: Array  # [], of all tags, or a bound on it: what bounds a step
    activity: Activity
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
    held: int = parameter(
        0,
        "partners of input neurons that hold what an episode began with: of those that transmit most then; 0: no memory",
        low=0,
        static=True,
    )
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

    def init(self, key: Array, code: codes.Code, actions: int) -> State:
        """Return a population with sparse random weights, which says nothing yet."""
        keys = jax.random.split(key, 3)
        return State(
            inputs=presynaptic_gain.init(code.size),
            partners=presynaptic_gain.init(code.size) if self.held else (),
            synapses=listed_synapses.init(sparse_uniform.draw(keys[0], self.size, self._inputs(code), 1.0 - DENSITY).T),
            outputs=Plastic(*jnp.zeros((3, actions, self.size + 1))),
            feedback=feedback.init(keys[1], actions, self.size),
            mass=jnp.float32(0.0),
            activity=Activity(jax.random.uniform(keys[2], (self.size,)), self._silent(code)),
            returns=return_spread.init() if self.unit == "spread" else (),
        )

    def started_from(self, fresh: State, other: State) -> State:
        """Return a population with the weights of another; tags and activity begin anew."""
        outputs = fresh.outputs._replace(weights=other.outputs.weights, slow=other.outputs.slow)
        synapses = listed_synapses.init(listed_synapses.materialised(other.synapses)[0])
        returns = other.returns._replace(running=fresh.returns.running) if self.unit == "spread" else ()
        taken = {"inputs": other.inputs, "partners": other.partners, "feedback": other.feedback}
        return fresh._replace(**taken, synapses=synapses, outputs=outputs, returns=returns)

    def initial_activity(self, state: State, code: codes.Code) -> Activity:
        """Return the neurons as they are before an episode."""
        return state.activity._replace(held=self._silent(code))

    def adapt(self, state: State, code: codes.Code, code_state: Any, observation: Array, begins: Array | bool = False) -> State:
        """Take in how often inputs fire; ``begins`` [], bool, says whether an episode begins with the observation."""
        state = state._replace(inputs=presynaptic_gain.update(state.inputs, *_active(code, code_state, observation)))
        if not self.held:
            return state
        state = self.remember(state, code, code_state, observation, begins)
        held = state.activity.held
        return state._replace(partners=presynaptic_gain.update(state.partners, held.rates, held.neurons))

    def remember(
        self, state: State, code: codes.Code, code_state: Any, observation: Array, begins: Array | bool = False
    ) -> State:
        """Let the partners take in what an episode begins with, and hold it while it lasts."""
        if not self.held:
            return state
        held = state.activity.held
        held = held._replace(begins=held.begins | begins)
        index, rates, _ = self._loudest(state, code, code_state, observation, len(held.neurons))
        return state._replace(activity=state.activity._replace(held=working_memory.step_listed(held, index, rates)))

    def pay(self, state: State, reward: Array, ended: Array, gamma: Array | float) -> State:
        """Take in what an environment step brought, where the unit depends on it."""
        if self.unit == "largest":
            return state
        return state._replace(returns=return_spread.update(state.returns, reward, ended, gamma))

    def fire(self, state: State, code: codes.Code, code_state: Any, observation: Array) -> Fired:
        """Let an observation drive the neurons for an environment step."""
        index, _, x = self._loudest(state, code, code_state, observation, self.heard)
        if self.held:
            held = state.activity.held
            recalled = presynaptic_gain.scaled(state.partners, held.rates, held.neurons, self.rarest)
            index, x = jnp.append(index, code.size + held.neurons), jnp.append(x, recalled)
        inputs = self._inputs(code)
        index = jnp.append(index, inputs - 1)  # the input that is constant comes last
        rows = listed_synapses.visit(state.synapses, index)
        sent, drive = self._inhibited(jnp.append(x, 1.0), rows.weights, inputs)
        current = self.excitability * drive
        charge, rate = closed_form.fire(state.activity.charge, current, self.most)
        activity = jnp.append(rate / self.excitability, 1.0)
        return Fired(rows, sent, charge, self.most * rate, activity, closed_form.slope(current))

    def _inputs(self, code: codes.Code) -> int:
        """Return the number of inputs, the constant one among them, D + 1."""
        return (2 if self.held else 1) * code.size + 1

    def _silent(self, code: codes.Code) -> Any:
        """Return what the partners hold before an episode; no more of them than neurons that surely fire."""
        return working_memory.init_listed(min(self.held, code.groups)) if self.held else ()

    def _loudest(
        self, state: State, code: codes.Code, code_state: Any, observation: Array, most: int
    ) -> tuple[Array, Array, Array]:
        """Return the neurons of the code that transmit most, int32 [k], their rates [k], and what they transmit [k]."""
        rates, index = _active(code, code_state, observation)
        x = presynaptic_gain.scaled(state.inputs, rates, index, self.rarest)
        if index is not None and len(index) <= most:
            return index, rates, x
        x, loudest = jax.lax.top_k(x, min(most, len(x)))
        return loudest if index is None else index[loudest], rates[loudest], x

    def _inhibited(self, x: Array, weights: Array, inputs: int) -> tuple[Array, Array]:
        """Return what the inputs that fire transmit [k], of ``x`` [k], and the drive of the neurons [N]."""
        if self.inhibition == "lateral":
            drive = (x[:, None] * weights).sum(0)
            spread = jnp.sqrt(drive.var() + 1e-5)
            return x / spread, (drive - drive.mean()) / spread
        if self.inhibition == "constant":  # as if of all that can be heard each were as loud as its gain makes it on average
            sent = divisive_inhibition.divide(x, inputs, DENSITY) * jnp.sqrt(
                (1.0 + (x**2).sum()) / (1.0 + self.heard + self.held)
            )
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
            activity=state.activity._replace(charge=fired.charge),
        )


def _active(code: codes.Code, state: Any, observation: Array) -> tuple[Array, Array | None]:
    """Return the rates [k] of the inputs that may fire, and which they are, int32 [k]; None: all."""
    if isinstance(code, codes.ListedCode) and code.distinct:
        index, rates = code.active(observation, state)
        return rates, index
    return code.rates(observation, state), None
