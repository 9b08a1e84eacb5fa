r"""Readout: heads of neurons that compete with escape noise, and the action that they stand for.

Each component of an action has a head (``agents/actions``). Joint actions may share synapses (``agents/components``): the neurons
are then driven by populations, and what they did is credited to these.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from neurorl.agents import components
from neurorl.agents.action_neurons import Intrinsic, Memory
from neurorl.agents.actions import Actions
from neurorl.errors import NeurorlError
from neurorl.homeostasis import open_choice
from neurorl.neurons import escape_noise
from neurorl.parameters import parameter
from neurorl.plasticity.plastic import PlasticSynapses
from neurorl.plasticity.rules import Response


@struct.dataclass
class Actor(PlasticSynapses):
    """Escape-noise neurons, a head for each component of an action; joint actions may share synapses (``agents.components``)."""

    learning_rate: float = parameter(20.0, "weight change per environment step for a unit of dopamine and eligibility", low=0.0)
    lambda_: float = parameter(0.95, "decay of eligibility per environment step, beside gamma", low=0.0, high=1.0)
    hazard: float = parameter(0.5, "probability per substep that some actor neuron fires", low=0.0, high=1.0)
    rule: str = parameter("escape-noise", "escape-noise, td-ltp, pair-stdp, or module:function", static=True)
    components: tuple[int, ...] = parameter((), "sizes of the components that joint actions share synapses by", static=True)
    inhibition: bool = parameter(True, "whether the first spike silences the other actor neurons", static=True)
    entropy: float = parameter(0.0, "reward for an action's surprise, -ln of its probability: it keeps choice open", low=0.0)
    race: bool = parameter(
        False,
        "whether neurons race in continuous time, and tags compare the deciding spike with each one's chance of it",
        static=True,
    )
    openness: tuple[float, ...] = parameter(
        (),
        "what draws each head back to open choice, beside the learning rate (``homeostasis.open_choice``); empty: 0",
        static=True,
    )
    sharpness: float = parameter(
        0.0,
        "of frozen weights: gain of the drive before the population vector is read; 0: the largest drive decides",
        low=0.0,
        static=True,
    )
    intrinsic: Intrinsic = Intrinsic()


class Choice(NamedTuple):
    """What P populations, and the A neurons that they drive, did within S substeps."""

    action: Array  # as the environment takes it
    spikes: Array  # [S, A]
    response: Response  # [S, P] each
    chosen: Array  # [P], 1 for a population whose neuron won its head
    surprise: Array  # [], -ln of the probability of the spikes
    hazard: Array  # [S, A], probability of a spike up to the decision, 0 after it
    neurons: Memory = Memory()  # what the action neurons remember


@struct.dataclass
class Readout:
    """The neurons that choose."""

    actions: Actions
    actor: Actor

    @property
    def populations(self) -> int:
        """Number of populations, P."""
        return self._membership().shape[1]

    @property
    def share(self) -> Array:
        """How often each population would be chosen by chance, [P]."""
        return self._parts(jnp.concatenate([jnp.full(n, 1.0 / n) for n in self.actions.heads]))

    def begin(self) -> Memory:
        """Return action neurons that have not acted.

        Raises:
            NeurorlError: A list of the actor that does not fit the heads.
        """
        given, heads = len(self.actor.openness), len(self.actions.heads)
        if given not in (0, heads):
            raise NeurorlError(f"'actor.openness' has {given} numbers; it must have one for each of the {heads} heads")
        return self.actor.intrinsic.begin(self.actions.heads)

    def choose(self, key: Array, drive: Array, neurons: Memory = Memory()) -> Choice:
        """Let the neurons of each head compete under the populations' drive [S, P]."""
        heads = self.actions.split(self.actor.intrinsic.excite(neurons, self._joint(drive)))
        keys = [key] if len(heads) == 1 else list(jax.random.split(key, len(heads)))
        neurons, keys = self.actor.intrinsic.keys(neurons, keys)
        hazards = [escape_noise.hazard(head, self.actor.hazard) for head in heads]
        decisions = [self._decide(k, h) for k, h in zip(keys, hazards, strict=True)]
        spikes = jnp.concatenate([d.spikes for d in decisions], axis=-1)
        until = jnp.concatenate([h * d.active[:, None] for h, d in zip(hazards, decisions, strict=True)], axis=-1)
        winners = [d.winner for d in decisions]
        won = jnp.concatenate([jax.nn.one_hot(w, n) for w, n in zip(winners, self.actions.heads, strict=True)])
        surprise = -(spikes * jnp.log(jnp.where(spikes > 0.0, until / self.actor.hazard, 1.0))).sum()
        response = Response(self._parts(spikes), self._parts(self._expected(hazards, decisions) if self.actor.race else until))
        neurons = self.actor.intrinsic.acted(neurons, won)
        return Choice(self._action(spikes, winners), spikes, response, self._parts(won), surprise, until, neurons)

    def act(self, drive: Array, neurons: Memory = Memory()) -> tuple[Memory, Array]:
        """Return the action of the mean drive [P] over the substeps, without noise: that of the largest, or of the population."""
        heads = self.actions.split(self.actor.intrinsic.excite(neurons, self._joint(drive)))
        winners = [jnp.argmax(head) for head in heads]
        won = jnp.concatenate([jax.nn.one_hot(w, n) for w, n in zip(winners, self.actions.heads, strict=True)])
        neurons = self.actor.intrinsic.acted(neurons, won)
        if self.actor.sharpness:
            return neurons, self.actions.of_activity([jax.nn.softmax(self.actor.sharpness * head) for head in heads])
        return neurons, self.actions.of_winners(winners)

    def opening(self, choice: Choice) -> Array:
        """Return what each population's drives owe to open choice, [S, P]: the credit that synapses learn by without dopamine."""
        hazards = self.actions.split(choice.hazard)
        credits = [k * open_choice.credit(h, self.actor.hazard) for k, h in zip(self.actor.openness, hazards, strict=True)]
        return self._parts(jnp.concatenate(credits, axis=-1))

    def _decide(self, key: Array, hazards: Array) -> escape_noise.Decision:
        """Return what the neurons of a head do."""
        if self.actor.race:
            return escape_noise.race(key, hazards, self.actor.hazard)
        return escape_noise.first_spike(key, hazards, self.actor.inhibition)

    def _expected(self, hazards: list[Array], decisions: list[escape_noise.Decision]) -> Array:
        """Return each neuron's probability to fire the spike that decided, in its substep, [S, A].

        When a head decides does not depend on its drives, whose hazards always sum to the same; only who decides does. So spikes
        less this are the score function, and 0 where there is no doubt. What neurons expected of the substeps before adds noise,
        with which the drive of a neuron that always wins wanders off.
        """
        shares = [h / self.actor.hazard * d.spikes.sum(-1, keepdims=True) for h, d in zip(hazards, decisions, strict=True)]
        return jnp.concatenate(shares, axis=-1)

    def _action(self, spikes: Array, winners: list[Array]) -> Array:
        """Return the action: of the winners, or without inhibition the population vector of all spikes [S, A]."""
        if self.actor.inhibition:
            return self.actions.of_winners(winners)
        counts = self.actions.split(spikes.sum(0))
        silent = [jax.nn.one_hot(w, n) * (c.sum() == 0) for w, n, c in zip(winners, self.actions.heads, counts, strict=True)]
        return self.actions.of_activity([c + s for c, s in zip(counts, silent, strict=True)])

    def _membership(self) -> np.ndarray:
        return components.membership(self.actor.components, self.actions.size)

    def _joint(self, drive: Array) -> Array:
        """Return the drives [..., A] of the neurons, of those [..., P] of the populations that they share."""
        return drive @ self._membership().T if self.actor.components else drive

    def _parts(self, activity: Array) -> Array:
        """Return the activity [..., P] of the populations, of that [..., A] of the neurons."""
        return activity @ self._membership() if self.actor.components else activity
