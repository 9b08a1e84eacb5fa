"""Dopamine and the other modulators: what releases them, and what they do to networks and agents."""

from neurorl.neuromodulation.effects import Effects
from neurorl.neuromodulation.modulation import Modulation
from neurorl.neuromodulation.modulators import Modulator, Modulators
from neurorl.neuromodulation.neuromodulator import Neuromodulator, Outcome
from neurorl.neuromodulation.reward import (
    BreakthroughFound,
    Fault,
    Recovered,
    Reward,
    RewardEvent,
    RewardParameters,
    SourceSwitch,
    WorkAccepted,
)
from neurorl.neuromodulation.telemetry import NeuroModulators, TelemetryFrame, TelemetryParameters

__all__ = [
    "BreakthroughFound",
    "Effects",
    "Fault",
    "Modulation",
    "Modulator",
    "Modulators",
    "NeuroModulators",
    "Neuromodulator",
    "Outcome",
    "Recovered",
    "Reward",
    "RewardEvent",
    "RewardParameters",
    "SourceSwitch",
    "TelemetryFrame",
    "TelemetryParameters",
    "WorkAccepted",
]
