r"""Spiking Q(lambda) with a hidden layer that dopamine teaches: no backpropagation, no replay, one pass.

    y = x^ / sigma;   a = hidden spikes under the drive W y;   Q = opposed spikes under q = O a + K y
    E <- keep E + rho B_c psi y^T,   Z <- keep Z + c a^T,   D <- keep D + c y^T          (c: 1 for the action taken)
    delta = r / |G| + gamma max Q' - Q;   g = delta bounded by the mass of E and Z;   W += g E,   O += g Z,   B += g Z
    K += h D,   h = delta min(1, share / D . dQ/dK)

A code's neurons reach the hidden ones (W) and, beside them, the outputs (K), for what one layer can learn: these direct synapses
correct a share of every error at once, whatever the hidden ones do (``plasticity.bounded_step``). Rare inputs transmit
more (``homeostasis.presynaptic_gain``), feedforward inhibition divides by how much comes (``synapses.divisive_inhibition``),
and hidden neurons are told of the outcome by feedback synapses B of their own, which learn by the same local term as the
forward ones (``plasticity.feedback``). Each action has a push and a pull neuron, whose counts differ by its value. Learning is
off-policy: tags end with an episode, and after an action that was not the best (Watkins 1989; with steps that are bounded:
Elsayed, Vasan and Mahmood 2024).

Two clocks, as in ``spiking_sarsa``: spikes in substeps, all of an environment step at once (``neurons.closed_form``), and the
environment step of actions and dopamine.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import codes, rarely
from neurorl.agents import actions, exploration
from neurorl.agents.actions import Actions
from neurorl.agents.contract import RecordedAgent, Recording, Timestep
from neurorl.homeostasis import presynaptic_gain
from neurorl.homeostasis.presynaptic_gain import Rates
from neurorl.neuromodulation import return_spread
from neurorl.neuromodulation.return_spread import Spread
from neurorl.neurons import closed_form
from neurorl.parameters import parameter
from neurorl.plasticity import bounded_step, eligibility, feedback, listed_synapses, three_factor
from neurorl.plasticity.listed_synapses import Listed, Visited
from neurorl.plasticity.plastic import Plastic
from neurorl.synapses import divisive_inhibition, sparse_uniform

SIGNS = np.array([1.0, -1.0], np.float32)  # of push and pull
LARGEST = 8.0  # value that saturates a pair of output neurons, in the magnitude of returns
DENSITY = 0.1  # share of forward weights that are not zero at first
LONGEST = 100_000  # environment steps of exploration, however long the run is


class State(NamedTuple):
    """A learner of A actions, of all heads, N hidden neurons and D inputs; one more input and hidden neuron are constant."""

    code: Any  # what the code has learned of its input
    inputs: Rates
    synapses: Listed  # [D + 1, N], of the code onto hidden neurons
    direct: Listed  # [D + 1, A], and beside them onto outputs; no rows where there are none
    outputs: Plastic  # [A, N + 1], of hidden neurons onto outputs
    feedback: Array  # [A, N]
    mass: Array  # [], of the tags of all but the direct synapses: what bounds their steps
    reach: Array  # [], by how much a unit step of the direct synapses moves the last value
    charge: Array  # [N], of hidden neurons, in thresholds
    potential: Array  # [A, 2], of output neurons, in thresholds
    value: Array  # [], of the last observation and action, in the magnitude of returns
    explored: Array  # [], bool: whether the last action was not the best
    returns: Spread
    step: Array  # [], environment steps
    dopamine: Array  # [], last one


class Fired(NamedTuple):
    """What the neurons did in an environment step."""

    rows: Visited  # of the inputs that fired
    direct: Visited | None
    sent: Array  # [k], what these transmitted
    charge: Array  # [N]
    potential: Array  # [A, 2]
    hidden: Array  # [N + 1], activity, the constant one last
    slope: Array  # [N], surrogate derivative of the hidden activity
    rate: Array  # [A, 2], spikes a substep
    values: Array  # [A]


@struct.dataclass
class SpikingDeep(RecordedAgent):
    """Hyperparameters of spiking Q(lambda) with a hidden layer, and its contract (``neurorl.agents.contract``)."""

    code: codes.Code
    hidden: int = parameter(128, "hidden neurons", low=1, high=65_536, static=True)
    winners: int = parameter(64, "input neurons that are heard at most: those that transmit most", low=1, static=True)
    hidden_substeps: int = parameter(16, "substeps of a hidden neuron an environment step", low=1, high=65_536, static=True)
    substeps: int = parameter(1024, "substeps of an output neuron an environment step", low=1, high=65_536, static=True)
    excitability: float = parameter(0.33, "current of a hidden neuron for a unit of drive, thresholds a substep", above=0.0)
    feedback: str = parameter("kolen-pollack", "how hidden neurons are taught", choices=feedback.KINDS, static=True)
    teaching: float = parameter(2.0, "gain of the feedback", low=0.0)
    direct: bool = parameter(True, "whether the code has synapses onto the outputs, beside the hidden neurons", static=True)
    share: float = parameter(0.5, "share of a prediction error that these correct at once", low=0.0, high=1.0)
    lambda_: float = parameter(0.8, "decay of eligibility per environment step, beside gamma", low=0.0, high=1.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)
    kappa: float = parameter(3.0, "how many times smaller a step is than the largest safe one", above=0.0)
    damping: float = parameter(1.0, "how much of what large tags would move a value by bounds a step; 0: none", low=0.0)
    gain: float = parameter(1.0, "dopamine for a unit of prediction error; 0 freezes every weight", low=0.0)
    epsilon_start: float = parameter(1.0, "probability of a random action at the start", low=0.0, high=1.0)
    epsilon_end: float = parameter(0.01, "and after exploration", low=0.0, high=1.0)
    explore_steps: int | None = parameter(
        None, f"environment steps over which epsilon falls; null: a fifth of the run, at most {LONGEST:,}", low=1, optional=True
    )
    actions: Actions = Actions()

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "SpikingDeep":
        """Return the agent with its defaults for an environment's spaces: what is lit of an image, sharp codes of others."""
        code = codes.sharp_for_space(observation_space, **ranges)
        if isinstance(code, codes.Pixels) and "kind" not in ranges:
            code = codes.Lit(receptors=code.receptors)
        # What one pixel says by itself is little, and learned faster than what the hidden neurons say, whose errors it hides. Of
        # many pixels none transmits so much that a step would throw a value past its goal.
        own: dict[str, Any] = {"direct": False, "damping": 0.0} if isinstance(code, codes.Lit) else {}
        return cls(code=code, actions=dataclasses.replace(actions.for_space(action_space), neurons=5), **own)

    def for_steps(self, steps: int) -> "SpikingDeep":
        """Let epsilon fall over a part of the run, where nothing else was said."""
        if self.explore_steps is not None:
            return self
        return self.replace(explore_steps=min(max(1, steps // 5), LONGEST))  # type: ignore[attr-defined]

    def init(self, key: Array) -> State:
        """Return a learner with sparse random weights, and none from the code onto the outputs."""
        keys, n, out = jax.random.split(key, 5), self.code.size + 1, self.actions.size
        onto_outputs = jnp.pad(sparse_uniform.draw(keys[1], out, self.hidden, 1.0 - DENSITY), ((0, 0), (0, 1)))
        # Beside direct synapses hidden neurons say nothing at first: it would be taken for the value of what was never tried.
        outputs = jnp.zeros_like(onto_outputs) if self.direct else onto_outputs
        return State(
            code=self.code.init(),
            inputs=presynaptic_gain.init(self.code.size),
            synapses=listed_synapses.init(sparse_uniform.draw(keys[0], self.hidden, n, 1.0 - DENSITY).T),
            direct=listed_synapses.init(jnp.zeros((n if self.direct else 0, out))),
            outputs=Plastic(outputs, jnp.zeros_like(outputs)),
            feedback=feedback.init(keys[2], out, self.hidden),
            mass=jnp.float32(0.0),
            reach=jnp.float32(0.0),
            charge=jax.random.uniform(keys[3], (self.hidden,)),
            potential=jax.random.uniform(keys[4], (out, 2)),
            value=jnp.float32(0.0),
            explored=jnp.array(False),
            returns=return_spread.init(),
            step=jnp.int32(0),
            dopamine=jnp.float32(0.0),
        )

    def started_from(self, fresh: State, other: State) -> State:
        """Return a learner that goes on with the weights and scales of another; tags, activity and exploration begin anew."""
        synapses, direct = (listed_synapses.init(listed_synapses.materialised(of)[0]) for of in (other.synapses, other.direct))
        outputs = fresh.outputs._replace(weights=other.outputs.weights)
        kept = {"code": other.code, "inputs": other.inputs, "feedback": other.feedback}
        returns = other.returns._replace(running=fresh.returns.running)
        return fresh._replace(synapses=synapses, direct=direct, outputs=outputs, returns=returns, **kept)

    def record(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array, Recording]:
        """Do what :meth:`learn` does and tell what the neurons did, as counts of the whole environment step."""
        ended = timestep.terminated | timestep.truncated
        code = self.code.adapt(state.code, timestep.observation)
        x = self.code.rates(timestep.observation, code)
        inputs = presynaptic_gain.update(state.inputs, *self._active(timestep.observation, code))
        returns = return_spread.update(state.returns, timestep.reward, ended, self.gamma)
        state = state._replace(code=code, inputs=inputs, returns=returns, step=state.step + 1)
        fired = self._fire(state, timestep.observation)
        winners, explored = self._choose(key, fired.values, state.step)

        last = timestep.final_observation
        cut = rarely.where(timestep.truncated, lambda agent, *seen: agent._best(agent._fire(*seen).values), self, state, last)
        after = jnp.where(timestep.terminated, 0.0, jnp.where(timestep.truncated, cut, self._best(fired.values)))
        delta = self.gain * (timestep.reward / return_spread.magnitude(returns) + self.gamma * after - state.value)
        keep = jnp.where(ended | state.explored, 0.0, self.gamma * self.lambda_)
        state, value = self._change(state, fired, winners, delta, keep)
        state = state._replace(explored=explored, value=value, dopamine=delta)

        counts = {"input": x, "hidden": self.hidden_substeps * self.excitability * fired.hidden[:-1]}
        spikes = {name: count[None] for name, count in (counts | {"values": self.substeps * fired.rate.ravel()}).items()}
        signals = {"value": value, "dopamine": delta, "tag mass": state.mass}
        return state, self.actions.of_winners(winners), Recording(spikes, signals)

    def initial_activity(self, state: State) -> tuple[Array, Array]:
        """Return the residual charge of the neurons."""
        return state.charge, state.potential

    def act(
        self, state: State, activity: tuple[Array, Array], observation: Array, key: Array
    ) -> tuple[tuple[Array, Array], Array]:
        """Choose the action of the largest difference of spike counts."""
        fired = self._fire(state._replace(charge=activity[0], potential=activity[1]), observation)
        return (fired.charge, fired.potential), self.actions.of_winners(self._winners(key, fired.values))

    def value(self, state: State, observation: Array) -> Array:
        """Return the value of an observation, that of its best action, in the unit of the reward."""
        return self._best(self._fire(state, observation).values) * return_spread.magnitude(state.returns)

    def report(self, state: State) -> dict[str, Array]:
        """Return what the modulators are doing."""
        return {
            "value": state.value,
            "return_magnitude": return_spread.magnitude(state.returns),
            "tag_mass": state.mass,
            "epsilon": self._epsilon(state.step),
        }

    def _active(self, observation: Array, code: Any) -> tuple[Array, Array | None]:
        """Return the rates [k] of the inputs that may fire, and which they are, int32 [k]; None: all."""
        if isinstance(self.code, codes.ListedCode) and self.code.distinct:
            index, rates = self.code.active(observation, code)
            return rates, index
        return self.code.rates(observation, code), None

    def _fire(self, state: State, observation: Array) -> Fired:
        """Let an observation drive the neurons for an environment step."""
        x, index = self._active(observation, state.code)
        x = presynaptic_gain.scaled(state.inputs, x, index)
        if index is None or len(index) > self.winners:
            x, loudest = jax.lax.top_k(x, min(self.winners, len(x)))
            index = loudest if index is None else index[loudest]
        # The input that is constant comes last.
        index = jnp.append(index, self.code.size)
        sent = divisive_inhibition.divide(jnp.append(x, 1.0), self.code.size + 1, DENSITY)
        rows = listed_synapses.visit(state.synapses, index)
        direct = listed_synapses.visit(state.direct, index) if self.direct else None

        # On a CPU several times as fast as the product of matrices.
        current = self.excitability * (sent[:, None] * rows.weights).sum(0)
        charge, rate = closed_form.fire(state.charge, current, self.hidden_substeps)
        hidden = jnp.append(rate / self.excitability, 1.0)
        q = (state.outputs.weights * hidden).sum(1)
        if direct is not None:
            q += (sent[:, None] * direct.weights).sum(0)
        potential, rate = closed_form.fire(state.potential, 0.5 + 0.5 / LARGEST * q[:, None] * SIGNS, self.substeps)
        return Fired(rows, direct, sent, charge, potential, hidden, closed_form.slope(current), rate, LARGEST * (rate @ SIGNS))

    def _change(self, state: State, fired: Fired, winners: list[Array], delta: Array, keep: Array) -> tuple[State, Array]:
        """Return the learner after ``delta`` [] has changed its weights and the winners have tagged them, and their value []."""
        heads = zip(winners, self.actions.heads, strict=True)
        chosen = jnp.concatenate([jax.nn.one_hot(winner, n) for winner, n in heads]) / len(winners)
        back = feedback.read(self.feedback, state.outputs.weights[:, :-1], state.feedback)
        taught = self.teaching * (chosen @ back) * fired.slope

        g = bounded_step.size(delta, state.mass, self.kappa)
        weights, tags = state.outputs.weights, state.outputs.eligibility
        damping = self.damping / self.kappa
        added = bounded_step.mass(damping, taught, fired.sent) + bounded_step.mass(damping, chosen, fired.hidden)
        outputs = Plastic(
            three_factor.change(weights, tags, g, 1.0),
            eligibility.decay(tags, keep, jnp.array(False)) + chosen[:, None] * fired.hidden,
        )
        direct, reach = state.direct, state.reach
        if fired.direct is not None:
            step = bounded_step.share(delta, reach, self.share)
            direct = listed_synapses.learn(direct, fired.direct, step, keep, fired.sent, chosen)
            reach = (fired.sent[:, None] * (keep * fired.direct.tags + fired.sent[:, None] * chosen) * chosen).sum()
        return state._replace(
            direct=direct,
            reach=reach,
            synapses=listed_synapses.learn(state.synapses, fired.rows, g, keep, fired.sent, taught),
            outputs=outputs,
            feedback=feedback.learn(self.feedback, state.feedback, g * tags[:, :-1]),
            mass=keep * state.mass + added,
            charge=fired.charge,
            potential=fired.potential,
        ), chosen @ fired.values

    def _choose(self, key: Array, values: Array, step: Array) -> tuple[list[Array], Array]:
        """Return the best action, or with probability epsilon any, and whether it is another than the best one."""
        key_explore, key_random, key_best = jax.random.split(key, 3)
        best = self._winners(key_best, values)
        any_ = self._winners(key_random, jnp.zeros_like(values))
        explores = jax.random.uniform(key_explore) < self._epsilon(step)
        winners = [jnp.where(explores, a, b) for a, b in zip(any_, best, strict=True)]
        return winners, jnp.stack([w != b for w, b in zip(winners, best, strict=True)]).any()

    def _winners(self, key: Array, values: Array) -> list[Array]:
        """Return the action of the largest value [A] in each head, ties at random."""
        values = values + jax.random.uniform(key, values.shape) * 0.1 * LARGEST / self.substeps
        return [jnp.argmax(head) for head in self.actions.split(values)]

    def _best(self, values: Array) -> Array:
        return jnp.stack([head.max() for head in self.actions.split(values)]).mean()

    def _epsilon(self, step: Array) -> Array:
        return exploration.epsilon(self.epsilon_start, self.epsilon_end, self.explore_steps, step)
