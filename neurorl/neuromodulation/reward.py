r"""From an event to dopamine: reward, what was expected of it, and the release that the difference causes.

    error = r - V,      V <- V + learning_rate error          Rescorla and Wagner (1972), once an event
    dopamine = positive max(error, 0) - negative max(-error, 0)

A surprise for the better releases more than one for the worse holds back, as firing rates that cannot fall below zero must
(Bayer and Glimcher 2005). Where a critic gives values, its temporal-difference error (``neuromodulation.dopamine``) goes straight
into :func:`dopamine_of`.

An event reaches the modulators in one of two ways, never both: :func:`step` passes its reward through the expectation;
:func:`release_of` releases fixed amounts, for networks that predict nothing. A scalar reward that was computed from events
already contains them.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float, Int, Int32

from neurorl.errors import NeurorlError
from neurorl.neuromodulation import modulators
from neurorl.neuromodulation.modulators import Modulators, ModulatorState
from neurorl.parameters import Checked, parameter
from neurorl.typing import Scalar


class WorkAccepted(NamedTuple):
    """A piece of work was accepted."""

    latency: Scalar = 0.0  # ms from its arrival to its end


class BreakthroughFound(NamedTuple):
    """Something rare and valuable was found."""


class SourceSwitch(NamedTuple):
    """The source of the input changed: what was expected no longer holds."""


class Fault(NamedTuple):
    """Something broke."""

    code: int | Int[Array, ""] = 0  # which class of fault, as its environment numbers them


class Recovered(NamedTuple):
    """What was broken works again."""

    ticks: Scalar = 0.0  # time to repair


class Reward(NamedTuple):
    """A reward of another kind."""

    value: Scalar


# Anything that happened and is worth a reward.
RewardEvent = WorkAccepted | BreakthroughFound | SourceSwitch | Fault | Recovered | Reward


class EventCode(IntEnum):
    """The kind of an event as a number, where events pass through compiled code."""

    NONE = 0  # an empty slot
    WORK = 1
    BREAKTHROUGH = 2
    SWITCH = 3
    FAULT = 4
    RECOVERED = 5
    REWARD = 6


class RewardEvents(NamedTuple):
    """The events of a step in slots of fixed shape, so that an environment can return them from compiled code."""

    codes: Int32[Array, " slots"]  # EventCode
    values: Float[Array, " slots"]  # the field of the event: latency in ms, fault code, ticks to repair or reward; 0 without one


def unpack(events: RewardEvents) -> list[RewardEvent]:
    """Return the events in the slots of one step, in their order, as the objects that say what they are."""
    kinds: dict[int, Callable[[float], RewardEvent]] = {
        EventCode.WORK: WorkAccepted,
        EventCode.BREAKTHROUGH: lambda _: BreakthroughFound(),
        EventCode.SWITCH: lambda _: SourceSwitch(),
        EventCode.FAULT: lambda code: Fault(int(code)),
        EventCode.RECOVERED: Recovered,
        EventCode.REWARD: Reward,
    }
    slots = zip(np.asarray(events.codes).tolist(), np.asarray(events.values).tolist(), strict=True)
    return [kinds[code](value) for code, value in slots if code != EventCode.NONE]


def switched(events: RewardEvents) -> Bool[Array, ""]:
    """Return whether a switch of source is among the events of a step, []."""
    return jnp.any(events.codes == EventCode.SWITCH)


@struct.dataclass
class RewardParameters(Checked):
    """What events are worth, how expectation follows them, and what a surprise releases."""

    work: Scalar = parameter(0.2, "reward of work accepted in time")
    late_work: Scalar = parameter(0.2, "reward of work accepted late")
    deadline: Scalar = parameter(100.0, "latency above which work is late, ms", low=0.0)
    breakthrough: Scalar = parameter(1.0, "reward of a breakthrough")
    fault: Scalar = parameter(-0.2, "reward of a fault")
    recovery: Scalar = parameter(0.2, "reward of a recovery")
    learning_rate: Scalar = parameter(0.1, "share of an error that the expectation takes up", low=0.0, high=1.0)
    positive: Scalar = parameter(0.8, "dopamine released by a unit of reward above expectation", low=0.0)
    negative: Scalar = parameter(0.3, "dopamine held back by a unit of reward below expectation", low=0.0)
    form: str = parameter(
        "graded",
        "release in proportion to the error; fixed, by its sign alone, as omega-snn does",
        choices=("graded", "fixed"),
        static=True,
    )
    attention: Scalar = parameter(0.05, "acetylcholine that work in time releases, without a critic")
    late_attention: Scalar = parameter(-0.1, "acetylcholine that late work releases, without a critic")
    stress: Scalar = parameter(0.3, "cortisol that a switch of source releases")


class RewardState(NamedTuple):
    """What a learner expects of the next event."""

    expectation: Float[Array, ""]  # reward


def init(expectation: Scalar = 0.0) -> RewardState:
    """Return a learner that expects ``expectation`` of the first event."""
    return RewardState(jnp.asarray(expectation, float))


def reward_of(parameters: RewardParameters, event: RewardEvent) -> Float[Array, ""]:
    """Return the reward of an event, []; a switch of source has none.

    Raises:
        NeurorlError: Not a ``RewardEvent``.
    """
    match event:
        case WorkAccepted(latency):
            return jnp.where(jnp.asarray(latency) > parameters.deadline, parameters.late_work, parameters.work)
        case BreakthroughFound():
            return jnp.asarray(parameters.breakthrough, float)
        case SourceSwitch():
            return jnp.zeros(())
        case Fault():
            return jnp.asarray(parameters.fault, float)
        case Recovered():
            return jnp.asarray(parameters.recovery, float)
        case Reward(value):
            return jnp.asarray(value, float)
    kinds = "WorkAccepted, BreakthroughFound, SourceSwitch, Fault, Recovered or Reward"
    raise NeurorlError(f"'event' is {event!r}; it must be {kinds}")


def predict(parameters: RewardParameters, state: RewardState, reward: Scalar) -> tuple[RewardState, Float[Array, ""]]:
    """Return the expectation after a reward [], and the prediction error [] it came with."""
    error = reward - state.expectation
    return RewardState(state.expectation + parameters.learning_rate * error), error


def dopamine_of(parameters: RewardParameters, error: Float[Array, ""]) -> Float[Array, ""]:
    """Return the phasic dopamine, [], that a prediction error [] releases or holds back; none for no error."""
    size = jnp.sign(error) if parameters.form == "fixed" else error
    return size * jnp.where(size > 0, parameters.positive, parameters.negative)


def step(
    parameters: RewardParameters, modulator_parameters: Modulators, state: RewardState, levels: ModulatorState, event: RewardEvent
) -> tuple[RewardState, ModulatorState]:
    """Let an event reach the modulators through what was expected.

    Args:
        parameters: Worth of events and size of releases.
        modulator_parameters: Ranges of the modulators.
        state: The expectation before the event.
        levels: The modulators before the event.
        event: What happened.

    Returns:
        The expectation and the modulators after it. A switch of source is no reward: it forgets the expectation, ends
        the phasic dopamine and releases cortisol.
    """
    if isinstance(event, SourceSwitch):
        return RewardState(jnp.zeros_like(state.expectation)), _switch(parameters, modulator_parameters, levels)
    state, error = predict(parameters, state, reward_of(parameters, event))
    return state, modulators.release(modulator_parameters, levels, "dopamine", dopamine_of(parameters, error))


def release_of(
    parameters: RewardParameters, modulator_parameters: Modulators, levels: ModulatorState, event: RewardEvent
) -> ModulatorState:
    """Return the modulators after an event in a network that predicts nothing.

    Work releases its reward as dopamine, and acetylcholine that says whether it was in time; a breakthrough takes it to the
    end of its range; a switch of source does as in :func:`step`; any other reward is released as it is.
    """
    if isinstance(event, SourceSwitch):
        return _switch(parameters, modulator_parameters, levels)
    if isinstance(event, BreakthroughFound):
        return modulators.release(modulator_parameters, levels, "dopamine", 2.0 * modulator_parameters.dopamine.high)
    levels = modulators.release(modulator_parameters, levels, "dopamine", reward_of(parameters, event))
    if isinstance(event, WorkAccepted):
        late = jnp.asarray(event.latency) > parameters.deadline
        amount = jnp.where(late, parameters.late_attention, parameters.attention)
        levels = modulators.release(modulator_parameters, levels, "acetylcholine", amount)
    return levels


def _switch(parameters: RewardParameters, modulator_parameters: Modulators, levels: ModulatorState) -> ModulatorState:
    levels = levels._replace(phasic=levels.phasic._replace(dopamine=jnp.zeros_like(levels.phasic.dopamine)))
    return modulators.release(modulator_parameters, levels, "cortisol", parameters.stress)
