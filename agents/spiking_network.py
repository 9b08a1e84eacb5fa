r"""A spiking network that acts: any ``Network`` with a sensory and a motor population, a code in front and a readout behind.

    observation -> code -> sensory spikes -> the network, T ms of dt each -> motor spikes -> action
                                               ^ dopamine, from reward and the critics' rates

In an environment step the observation stays and the network runs for ``duration`` ms. Each choice has a group of motor neurons,
and the group that fires most acts. Two critic populations hold the value in their rates, V = (r_value - r_cost) / 2 r_1; where a
network has none, the critic of ``spiking-actor-critic`` reads a population that is named, or reward itself is the dopamine. The
prediction error is released as dopamine for the length of an environment step, and finds the tags that were there when the
step began, those of the actions before:

    w <- w + learning_rate receptor gate delta duration E,      E <- E exp(-duration / tau_e) + sum of the step's coincidences

So weights hold still while the network runs, and the coincidences of all its milliseconds are added up at once where the rule
allows it (``Pathway.tag``). At an episode's end the tags go, and with ``reset`` activity too, as under strong inhibition.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from gymnasium import spaces
from jax import Array

from neurorl import codes
from neurorl.agents import actions, wiring
from neurorl.agents.actions import Actions
from neurorl.agents.contract import RecordedAgent, Recording, Timestep
from neurorl.agents.critic import Critic
from neurorl.agents.wiring import Wiring
from neurorl.codes import spike_encoder
from neurorl.errors import NeurorlError, nearest
from neurorl.homeostasis import scaling
from neurorl.networks import dynamics, runner
from neurorl.networks import plan as plans
from neurorl.networks.dynamics import NetworkState
from neurorl.networks.network import Network
from neurorl.networks.pathway import Pathway, PathwayState
from neurorl.networks.plan import Plan
from neurorl.neuromodulation import reward_scale
from neurorl.neuromodulation.effects import Factors
from neurorl.neuromodulation.modulation import Levels, Modulation
from neurorl.neuromodulation.reward_scale import Returns
from neurorl.parameters import parameter
from neurorl.plasticity import consolidation
from neurorl.plasticity.consolidation import Consolidation
from neurorl.plasticity.plastic import Homeostasis, Plastic
from neurorl.synapses.spike_trace import SpikeTrace

CRITICS = ("value", "cost")
NOTHING: Any = ()  # in place of an array that is not carried along
QUIET = 1e6  # mV by which motor thresholds rise where potentials and not spikes decide


class Judge(NamedTuple):
    """The critic that reads a population."""

    synapses: Plastic
    potential: Array  # [2 neurons]
    trace: Array  # [n], of the population that is read


class State(NamedTuple):
    """A learner."""

    network: NetworkState
    slow: list[Array]  # [s] of each pathway that learns: slow components, which act when nothing is learned
    code: Any  # what the code has learned of its input
    potential: Array  # [sensory], of the neurons that turn rates into spikes
    rates: Array  # [2], of the two critics, spikes per ms
    judge: Judge | tuple[()]
    value: Array  # [], of the last observation
    modulators: Levels
    returns: Returns
    begun: Array  # [], bool: whether dopamine means something; with scaled returns from the end of the first episode on that paid


class Life(NamedTuple):
    """What the network did in T ms."""

    spikes: dict[str, Array]  # [T, n] of each population
    hazard: dict[str, Array]  # [T, n], where a rule asks
    v: Array  # [T, n], of the motor population


@struct.dataclass
class SpikingNetwork(RecordedAgent):
    """Hyperparameters of a network that acts, and its contract (``neurorl.agents.contract``)."""

    network: Network | None = struct.field(
        pytree_node=False,
        default=None,
        metadata={"help": "the network; null: the default wiring", "optional": True, "static": True, "of": Network},
    )
    wiring: Wiring = Wiring()
    code: codes.Code | None = None
    actions: Actions = Actions()
    sensory: str = parameter("sensory", "population that fires the code's spikes", static=True)
    motor: str = parameter("motor", "population whose spikes choose", static=True)
    critics: tuple[str, ...] = parameter(
        (),
        "two populations whose rates raise and lower the value; default: 'value' and 'cost', if there are such",
        static=True,
    )
    reads: str = parameter(
        "",
        "population that another critic reads where there are none; default: the one that drives motor neurons",
        static=True,
    )
    critic: Critic = Critic()
    duration: float = parameter(10.0, "time that the network runs per environment step, ms", above=0.0, static=True)
    program: str = parameter(
        "stepwise",
        "what runs pathways within an environment step: stepwise, fastest, or product, rows or events where they can (plan())",
        static=True,
    )
    reset: bool = parameter(False, "whether activity ends with an episode, as under strong inhibition", static=True)
    value_rate: float = parameter(120.0, "rate that is a value of 1 in one critic and silence in the other, Hz", above=0.0)
    tau_value: float = parameter(40.0, "time constant with which critics' spikes become a rate, ms", above=0.0)
    scaled: bool = parameter(False, "whether dopamine is told in units of the largest return met", static=True)
    modulation: Modulation = Modulation()
    homeostasis: Homeostasis = Homeostasis(cap=6.0)
    consolidation: Consolidation = Consolidation(window=2000.0)
    gamma: float = parameter(0.99, "discount per environment step", low=0.0, high=1.0)

    @classmethod
    def for_spaces(cls, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "SpikingNetwork":
        """Return the agent of the default wiring for an environment's spaces."""
        return cls().fit(observation_space, action_space, **ranges)

    def fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], **ranges: Any) -> "SpikingNetwork":
        """Return the agent with the code and the actions of an environment's spaces, checked against its network."""
        code = codes.for_space(observation_space, **ranges)
        fitted: SpikingNetwork = self.replace(code=code, actions=actions.for_space(action_space))  # type: ignore[attr-defined]
        if fitted.network is not None:
            fitted._check()
        fitted.plan()
        return fitted

    @property
    def wired(self) -> Network:
        """The network: the one given, or the default wiring."""
        if self.network is not None:
            return self.network
        assert self.code is not None, "fit the agent to the spaces of an environment first"
        return wiring.build(self.wiring, self.code.size, self.code.groups, self.actions, self.duration)

    def plan(self) -> Plan:
        """Return by which program each pathway is run within an environment step, in which no weight changes, and why.

        Raises:
            NeurorlError: An unknown program.
        """
        return plans.holding_still(self.wired, self._steps, None if self.program == "fastest" else self.program)

    def init(self, key: Array) -> State:
        """Return a learner whose network is at rest."""
        key_network, key_sensory, key_critic = jax.random.split(key, 3)
        network = dynamics.init(self.wired, key_network)
        judge: Judge | tuple[()] = ()
        if self._read is not None:
            n = self.wired.populations[self._read].size
            judge = Judge(
                self.critic.begin(self.critic.size, n), jax.random.uniform(key_critic, (self.critic.size,)), jnp.zeros(n)
            )
        assert self.code is not None
        return State(
            network=network,
            slow=[network.pathways[i].weights for i in self._learning],
            code=self.code.init(),
            potential=jax.random.uniform(key_sensory, (self.wired.populations[self.sensory].size,)),
            rates=self._rest_rates,
            judge=judge,
            value=jnp.float32(0.0),
            modulators=self.modulation.init(),
            returns=reward_scale.init(),
            begun=jnp.array(not self.scaled),
        )

    def record(self, state: State, timestep: Timestep, key: Array) -> tuple[State, Array, Recording]:
        """Do what :meth:`learn` does and tell what every population did."""
        key_network, key_choice = jax.random.split(key)
        ended = timestep.terminated | timestep.truncated
        felt = self.modulation.before(state.modulators, timestep)
        gamma = self.modulation.discount(felt, self.gamma)

        assert self.code is not None
        code = self.code.adapt(state.code, timestep.observation)
        before = self._begin(state.network, ended)._replace(key=key_network)
        potential, incoming = self.sense(state.potential, code, timestep.observation)
        after, life = self._live(before, incoming, self.modulation.drive(felt, jnp.float32(1.0)))
        still = jnp.where(ended & self.reset, self._rest_rates, state.rates)
        rates, judge, value, increment = self._judge(still, state.judge, life)
        action = self._choose(self._votes(life.spikes[self.motor].sum(0)), jax.random.uniform(key_choice, (self.actions.size,)))

        returns = reward_scale.update(state.returns, timestep.reward, ended, self.gamma)
        paid, begun = timestep.reward, state.begun
        if self.scaled:
            paid = reward_scale.scaled(returns, timestep.reward) / jnp.maximum(1.0 - self.gamma, 1e-3)
            begun = begun | (ended & (returns.largest > 0.0))
        delta = self.modulation.release(felt, paid, state.value, value, timestep, gamma) * state.begun
        modulators, gate = self.modulation.after(state.modulators, felt, delta, value, timestep)
        pathways = self._learn(state.network, before, after, life, delta, gate)
        if isinstance(judge, Judge):
            learned, _ = self.critic.learn(judge.synapses, delta)
            judge = judge._replace(synapses=self.critic.tag(learned, increment, gamma, ended))

        slow = [
            consolidation.update(self.consolidation, old, pathways[i].weights)
            for i, old in zip(self._learning, state.slow, strict=True)
        ]
        after = after._replace(pathways=pathways)
        state = State(after, slow, code, potential, rates, judge, value, modulators, returns, begun)
        signals = {"value": value, "dopamine": delta}
        return state, action, Recording(life.spikes, signals)

    def started_from(self, fresh: State, other: State) -> State:
        """Return a learner with the weights, thresholds, code and scales of another; its activity and tags are new."""
        pathways = [
            new._replace(weights=old.weights) for new, old in zip(fresh.network.pathways, other.network.pathways, strict=True)
        ]
        network = fresh.network._replace(pathways=pathways, thresholds=other.network.thresholds)
        judge = fresh.judge
        if isinstance(judge, Judge) and isinstance(other.judge, Judge):
            judge = judge._replace(synapses=judge.synapses._replace(weights=other.judge.synapses.weights))
        modulators = other.modulators | {"acetylcholine": fresh.modulators["acetylcholine"]}
        returns = other.returns._replace(running=fresh.returns.running)
        kept = {"slow": other.slow, "code": other.code, "begun": other.begun, "returns": returns, "modulators": modulators}
        return fresh._replace(network=network, judge=judge, **kept)

    def initial_activity(self, state: State) -> tuple[NetworkState, Array]:
        """Return the activity that an episode of frozen weights starts with."""
        return _bare(self._begin(state.network, jnp.array(self.reset))), state.potential

    def act(
        self, state: State, activity: tuple[NetworkState, Array], observation: Array, key: Array
    ) -> tuple[tuple[NetworkState, Array], Array]:
        """Choose by the slow weights: the group of the most spikes, or of the highest potential where spikes are mere noise."""
        bare, potential = activity
        pathways = [each._replace(weights=w) for each, w in zip(bare.pathways, self.slow_weights(state), strict=True)]
        thresholds = bare.thresholds
        silent = thresholds | {self.motor: jnp.full(self.wired.populations[self.motor].size, QUIET)}
        potential, incoming = self.sense(potential, state.code, observation)
        network = bare._replace(pathways=pathways, thresholds=silent, key=key)
        network, life = self._live(network, incoming, jnp.float32(1.0))
        action = self.chosen(life.v, life.spikes[self.motor].sum(0))
        return (_bare(network._replace(thresholds=thresholds, key=bare.key)), potential), action

    def chosen(self, v: Array, spikes: Array | float = 0.0) -> Array:
        """Return the action when nothing is learned, of the motor neurons' potentials [T, n] and the spikes [n] that they fired.

        Where a threshold can rise motor neurons are silent then, and their potentials tell what their spikes would on average.
        """
        level = jax.nn.sigmoid((v.mean(0) - v.mean()) / 10.0)
        fired = jnp.broadcast_to(jnp.asarray(spikes), level.shape)
        return self._choose(self._votes(fired) + self._votes(level) / self._group_size, 0.0)

    def slow_weights(self, state: State) -> list[Array]:
        """Return the weights [s] of each pathway that act when nothing is learned."""
        slow = dict(zip(self._learning, state.slow, strict=True))
        return [slow.get(i, each.weights) for i, each in enumerate(state.network.pathways)]

    def report(self, state: State) -> dict[str, Array]:
        """Return what the network, homeostasis and the modulators are doing."""
        largest = [jnp.abs(state.network.pathways[i].weights).max() for i in self._learning]
        return {
            "value": state.value,
            "expected_uncertainty": state.modulators["acetylcholine"],
            "weight_max": jnp.stack(largest).max() if largest else jnp.float32(0.0),
            "motor_spikes": state.network.spikes[self.motor].sum(),
        }

    @property
    def _rest_rates(self) -> Array:
        """The critics' rates before any spike, [2] per ms: equal, so that the value is 0."""
        return jnp.full(2, self.value_rate / 1000.0)

    @property
    def _steps(self) -> int:
        """Steps of the network per environment step, T."""
        return max(1, round(self.duration / self.wired.config.dt))

    @property
    def _learning(self) -> list[int]:
        """The pathways that learn."""
        return [i for i, pathway in enumerate(self.wired.pathways) if pathway.plasticity is not None]

    @property
    def _critics(self) -> tuple[str, ...]:
        """The two critic populations, or ()."""
        return self.critics or (CRITICS if set(CRITICS) <= set(self.wired.populations) and not self.reads else ())

    @property
    def _read(self) -> str | None:
        """The population that a critic outside of the network reads; None where the network has critics."""
        if self._critics:
            return None
        drives = [p.source for p in self.wired.pathways if p.target == self.motor and p.plasticity is not None]
        return self.reads or (drives[0] if drives else self.sensory)

    @property
    def _group_size(self) -> int:
        return self.wired.populations[self.motor].size // self.actions.size

    def _check(self) -> None:
        """Raise a NeurorlError unless the network has the populations that are named, and enough motor neurons."""
        network = self.wired
        named = [("sensory", self.sensory), ("motor", self.motor), *(("critics", critic) for critic in self.critics)]
        for field, name in [*named, *([("reads", self.reads)] if self.reads else [])]:
            if name not in network.populations:
                there = ", ".join(network.populations)
                raise NeurorlError(f"'{field}' is '{name}', which is none of {there}{nearest(name, network.populations)}")
        if len(self.critics) not in (0, 2):
            raise NeurorlError(
                f"'critics' is {self.critics}; name two populations, one that raises the value and one that lowers it"
            )
        if network.populations[self.motor].size < self.actions.size:
            raise NeurorlError(
                f"population '{self.motor}' has {network.populations[self.motor].size} neurons for {self.actions.size} choices; "
                "give each choice one or more"
            )
        for pathway in network.pathways:
            if pathway.plasticity is not None and pathway.plasticity.gating != "multiplicative":
                raise NeurorlError(
                    f"'gating' of {pathway.source} to {pathway.target} is additive; dopamine gates what an agent learns"
                )

    def _begin(self, network: NetworkState, ended: Array) -> NetworkState:
        """Return the network at the start of a step: without tags where an episode ended, and at rest where it is reset."""
        fresh = dynamics.init(self.wired, network.key)
        kept = [new._replace(weights=old.weights) for new, old in zip(fresh.pathways, network.pathways, strict=True)]
        fresh = fresh._replace(pathways=kept, thresholds=network.thresholds, modulators=network.modulators, step=network.step)
        if self.reset:
            # The key is given anew in every step, and no array to choose from.
            fresh, network = fresh._replace(key=NOTHING), network._replace(key=NOTHING)
            return jax.tree.map(lambda new, old: jnp.where(ended, new, old), fresh, network)
        pathways = []
        for each in network.pathways:
            if each.memory is not None:
                stdp = each.memory.stdp
                stdp = stdp._replace(eligibility=jnp.where(ended, 0.0, stdp.eligibility))
                each = each._replace(memory=each.memory._replace(stdp=stdp))
            pathways.append(each)
        return network._replace(pathways=pathways)

    def sense(self, potential: Array, code: Any, observation: Array) -> tuple[Array, Array]:
        """Return the sensory neurons' potentials, and their spikes in T steps, [T, n] of 0 and 1."""
        assert self.code is not None
        rates = self._pool(self.code.rates(observation, code)) * self.wired.config.dt
        potential, spikes = spike_encoder.integrate(potential, jnp.minimum(rates, 1.0), self._steps)
        return potential, spikes

    def _pool(self, rates: Array) -> Array:
        """Return the rates of the sensory neurons: of the code's one by one, or of some of them drawn together at random."""
        n = self.wired.populations[self.sensory].size
        if n == rates.shape[0]:
            return rates
        order = np.random.default_rng(0).permutation(max(n, rates.shape[0]))
        if n > rates.shape[0]:
            return rates[order % rates.shape[0]]
        return jnp.zeros(n).at[order % n].add(rates)

    def _live(self, network: NetworkState, incoming: Array, drive: Array) -> tuple[NetworkState, Life]:
        """Run the network for T steps, with its weights held still; ``drive`` scales what motor neurons receive."""
        wired, weights = self.wired, []
        for pathway, each in zip(wired.pathways, network.pathways, strict=True):
            if pathway.plasticity is None:
                weights.append(jnp.asarray(pathway.weights))  # not the learner's own copy: one product serves all learners
            else:
                aroused = pathway.target == self.motor and len(self.modulation.bank) > 1
                weights.append(each.weights * drive if aroused else each.weights)
        network, factors = dynamics.modulate(wired, network, self.duration)

        run = self._stepwise if self.program == "stepwise" else self._planned
        after, life = run(_bare(network), weights, incoming, factors)
        whole = [
            each._replace(weights=old.weights, memory=old.memory)
            for each, old in zip(after.pathways, network.pathways, strict=True)
        ]
        return after._replace(pathways=whole), life

    def _stepwise(
        self, network: NetworkState, weights: list[Array], incoming: Array, factors: Factors | None
    ) -> tuple[NetworkState, Life]:
        """Run T steps one after another: the reference."""

        def one(state: NetworkState, spikes: Array) -> tuple[NetworkState, Life]:
            own = [each._replace(weights=w) for each, w in zip(state.pathways, weights, strict=True)]
            state = dynamics.fire(self.wired, state._replace(pathways=own), {}, {self.sensory: spikes}, factors)
            return _bare(state), Life(state.spikes, state.hazard, state.neurons[self.motor].v)

        return jax.lax.scan(one, network, incoming)

    def _planned(
        self, network: NetworkState, weights: list[Array], incoming: Array, factors: Factors | None
    ) -> tuple[NetworkState, Life]:
        """Run T steps by the plan: each stage of populations for all of them, with what earlier stages sent."""

        def observe(state: NetworkState) -> dict[tuple[str, str], Array]:
            seen = {("spikes", name): spikes for name, spikes in state.spikes.items()}
            seen |= {("hazard", name): hazard for name, hazard in state.hazard.items()}
            return seen | {("v", name): each.v for name, each in state.neurons.items() if name == self.motor}

        own = [each._replace(weights=w) for each, w in zip(network.pathways, weights, strict=True)]
        series = {("spikes", self.sensory): incoming}
        after, seen = runner.hold_still(self.wired, self.plan(), network._replace(pathways=own), series, factors, observe)
        spikes, hazard = ({name: v for (kind, name), v in seen.items() if kind == which} for which in ("spikes", "hazard"))
        return _bare(after), Life(spikes, hazard, seen["v", self.motor])

    def _judge(self, rates: Array, judge: Judge | tuple[()], life: Life) -> tuple[Array, Judge | tuple[()], Array, Any]:
        """Return the critics' rates, the critic that reads, the value, and what the step leaves at the synapses of the latter."""
        if self._critics:
            kept = jnp.exp(-self.wired.config.dt / self.tau_value)
            weight = (1.0 - kept) * kept ** jnp.arange(self._steps)[::-1] / self.wired.config.dt
            means = jnp.stack([weight @ life.spikes[name].mean(1) for name in self._critics])
            rates = rates * kept**self._steps + means
            return rates, judge, 0.5 * (rates[0] - rates[1]) * 1000.0 / self.value_rate, 0.0
        assert isinstance(judge, Judge)
        assert self._read is not None
        spikes = life.spikes[self._read]
        decay = jnp.exp(-self.wired.config.dt / 4.0)
        # Divided by what fires at all, so that one learning rate serves populations of any size and rate.
        x = SpikeTrace(judge.trace, spikes, decay, gain=(1.0 - decay) / jnp.maximum(spikes.sum(1).mean(), 0.1))
        judgement = self.critic.judge(judge.synapses, judge.potential, x)
        judge = judge._replace(potential=judgement.potential, trace=x.final())
        return rates, judge, judgement.value, judgement.increment

    def _learn(
        self, last: NetworkState, before: NetworkState, after: NetworkState, life: Life, delta: Array, gate: Array | float
    ) -> list[PathwayState]:
        """Return the pathways after dopamine found the tags of the ``last`` step, and this one's spikes left new ones."""
        wired, pathways = self.wired, list(after.pathways)
        for i in self._learning:
            pathway, old = wired.pathways[i], last.pathways[i]
            if old.memory is None:
                continue
            pre = jnp.concatenate([before.spikes[pathway.source][None], life.spikes[pathway.source][:-1]])
            hazard = life.hazard.get(pathway.target) if pathway.needs_hazard else None
            each = pathway.tag(pathways[i], pre, life.spikes[pathway.target], hazard, wired.config.dt)
            rate = 1.0 if pathway.target in self._critics else gate
            each = pathway.reinforce(each, old.memory.stdp.eligibility, delta, rate, self.duration)
            pathways[i] = self._capped(pathway, each, delta) if pathway.target == self.motor else each
        return pathways

    def _capped(self, pathway: Pathway, state: PathwayState, delta: Array) -> PathwayState:
        """Return a pathway onto motor neurons whose weights are within the budget of homeostasis."""
        if self.homeostasis.scaling == "none":
            return state
        h, projection, enabled = self.homeostasis, pathway.projection, delta != 0.0
        if projection.complete:
            matrix = state.weights.reshape(projection.connectivity.n_pre, -1).T
            return state._replace(weights=scaling.cap(matrix, h.scaling, h.cap, enabled)[0].T.ravel())
        post, n = projection.connectivity.post, projection.connectivity.n_post
        return state._replace(weights=scaling.cap_listed(state.weights, post, n, h.scaling, h.cap, enabled))

    def _votes(self, activity: Array) -> Array:
        """Return the activity [n] of the motor neurons summed over the group of each choice, [A]."""
        group = np.arange(activity.shape[0]) * self.actions.size // activity.shape[0]
        return jnp.zeros(self.actions.size).at[group].add(activity)

    def _choose(self, votes: Array, chance: Array | float) -> Array:
        """Return the action of the votes [A] of all heads; ``chance`` [A] below 1 breaks ties."""
        heads = self.actions.split(votes + 0.5 * jnp.asarray(chance))
        return self.actions.of_activity([head + 1e-3 for head in heads])


def _bare(network: NetworkState) -> NetworkState:
    """Return a network's activity without what an evaluation only reads, or has no use for."""
    return network._replace(pathways=[each._replace(weights=NOTHING, memory=None) for each in network.pathways])
