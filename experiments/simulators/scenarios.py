"""What is simulated by all: an experiment, its input, and how close the results must be."""

from typing import Any, NamedTuple

import numpy as np

from experiments.simulators import Dopamine
from neurorl.neurons.adaptive_lif import AdaptiveLIF
from neurorl.neurons.izhikevich import PRESETS
from neurorl.neurons.lif import LIF
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.dopamine_stdp import DopamineSTDP
from neurorl.plasticity.stdp import STDP
from neurorl.synapses.exponential import ExponentialCurrent
from neurorl.synapses.short_term_plasticity import DEPRESSING, FACILITATING

BOTH = ("NEST", "Brian2")
STDP = STDP(a_plus=0.01, a_minus=0.008, tau_plus=20.0, tau_minus=30.0)
DELAY = 1.0  # ms by which a postsynaptic spike reaches a plastic synapse late


class Scenario(NamedTuple):
    """One experiment, with the largest differences allowed: in float64, and in float32 over the first ``steps32`` steps."""

    experiment: str  # function of experiments.simulators.ours, .with_nest and .with_brian
    arguments: dict[str, Any]
    tolerance: dict[str, float]
    tolerance32: dict[str, float]
    simulators: tuple[str, ...] = BOTH
    steps32: int | None = None


def currents(dt: float) -> np.ndarray:
    """Return 150 ms of input: a constant current, none, a stronger one, and noise around it."""
    current = np.zeros(round(150 / dt))
    time = np.arange(len(current)) * dt
    current[(time >= 1) & (time < 60)] = 20.0
    current[time >= 80] = 30.0
    late = time >= 110
    current[late] += np.random.default_rng(0).normal(0.0, 30.0, late.sum())
    return current


def switched_on(level: float, duration: float, dt: float) -> np.ndarray:
    """Return a current that comes on after 5 ms."""
    return np.where(np.arange(round(duration / dt)) * dt >= 5, level, 0.0)


def arriving(duration: float, dt: float) -> np.ndarray:
    """Return summed weights, exponentially distributed, of spikes at about 100 Hz."""
    spikes = train(times(100.0, duration, 1), duration, dt)
    return spikes * np.random.default_rng(2).exponential(40.0, len(spikes))


def times(rate: float, duration: float, seed: int) -> np.ndarray:
    """Return the times in ms, whole numbers from 2 on, of a Poisson train of ``rate`` Hz."""
    return np.flatnonzero(np.random.default_rng(seed).random(round(duration) - 2) < rate / 1000) + 2.0


def train(times: np.ndarray, duration: float, dt: float) -> np.ndarray:
    """Return [steps], 1.0 in the steps that end at ``times``."""
    spikes = np.zeros(round(duration / dt))
    spikes[np.round(times / dt).astype(int) - 1] = 1.0
    return spikes


def pair(duration: float, dt: float, meet: bool) -> dict[str, Any]:
    """Return a presynaptic and a postsynaptic train at 40 Hz; spikes meet in one step at the synapse, or never do."""
    pre, post = times(40.0, duration, 3), times(40.0, duration, 4)
    post = np.union1d(post, pre[::4] - DELAY) if meet else np.setdiff1d(post, pre - DELAY)
    post = post[post >= 2]
    return {"pre": train(pre, duration, dt), "post": train(post, duration, dt), "delay": round(DELAY / dt), "dt": dt}


def dopamine_stdp(dt: float) -> Scenario:
    """Return a synapse that is rewarded seven times in half a second, in steps of ``dt``."""
    dopamine = Dopamine(train(times(15.0, 500.0, 5), 500.0, dt), tau=60.0, baseline=0.015)
    parameters = DopamineSTDP(learning_rate=1.0, stdp=STDP, bounds=WeightBounds(w_min=-1.0))
    arguments = {"parameters": parameters, "dopamine": dopamine, "weight": 0.5, **pair(500.0, dt, meet=True)}
    return Scenario("dopamine_stdp", arguments, {"weight": 1e-3 * dt}, {"weight": 1e-3 * dt})


def izhikevich(name: str, level: float, scheme: str) -> Scenario:
    """Return a preset under a constant current: in steps of 0.1 ms, or of 1 ms for the scheme that is meant for them.

    Near the peak a step of 1 ms multiplies differences of v by up to twenty, so rounding errors grow with every spike. Those of
    float32 stay small over the first few spikes; those of float64 have become millivolts after twenty or thirty.
    """
    dt, duration = (0.1, 120.0) if scheme == "euler" else (1.0, 60.0)
    arguments = {"parameters": PRESETS[name].replace(scheme=scheme), "current": switched_on(level, duration, dt), "dt": dt}
    if scheme == "euler":
        return Scenario("izhikevich", arguments, {"v": 1e-9, "u": 1e-9}, {"v": 0.01, "u": 1e-4}, steps32=600)
    return Scenario("izhikevich", arguments, {"v": 1e-6, "u": 1e-6}, {"v": 0.1, "u": 0.02}, ("NEST",), steps32=40)


def stdp(parameters: STDP, bounds: WeightBounds, meet: bool) -> Scenario:
    """Return a synapse between two trains."""
    arguments = {"parameters": parameters, "bounds": bounds, "weight": 0.5, **pair(1000.0, 1.0, meet)}
    return Scenario("stdp", arguments, {"weight": 1e-12}, {"weight": 1e-5})


def short_term_plasticity(parameters: Any) -> Scenario:
    """Return a synapse under a train of 30 Hz."""
    arguments = {"parameters": parameters, "spikes": train(times(30.0, 1000.0, 6), 1000.0, 1.0), "dt": 1.0}
    return Scenario("short_term_plasticity", arguments, {"efficacy": 1e-12}, {"efficacy": 1e-5})


MEMBRANE = {"v": 1e-9}, {"v": 1e-3}

SCENARIOS = {
    "LIF": Scenario("lif", {"parameters": LIF(), "current": currents(0.1), "dt": 0.1}, *MEMBRANE),
    "LIF without a refractory period": Scenario(
        "lif", {"parameters": LIF(refractory=0.0, resistance=0.9), "current": 1.5 * currents(0.5), "dt": 0.5}, *MEMBRANE
    ),
    "adaptive LIF": Scenario(
        "adaptive_lif",
        {"parameters": AdaptiveLIF(b=4.0), "current": 1.5 * currents(0.2), "dt": 0.2},
        {"v": 1e-9, "adaptation": 1e-9},
        {"v": 1e-3, "adaptation": 1e-3},
        ("Brian2",),
    ),
    "Izhikevich regular spiking": izhikevich("regular_spiking", 10.0, "euler"),
    "Izhikevich chattering": izhikevich("chattering", 10.0, "euler"),
    "Izhikevich thalamo-cortical": izhikevich("thalamo_cortical", 5.0, "euler"),
    **{f"Izhikevich {name.replace('_', ' ')}, half steps": izhikevich(name, 10.0, "half_steps") for name in PRESETS},
    "exponential synapse": Scenario(
        "exponential_synapse",
        {"parameters": LIF(), "synapse": ExponentialCurrent(tau=5.0), "arriving": arriving(200.0, 0.2), "dt": 0.2},
        {"v": 1e-9, "current": 1e-9},
        {"v": 1e-3, "current": 1e-3},
    ),
    "short-term facilitation": short_term_plasticity(FACILITATING),
    "short-term depression": short_term_plasticity(DEPRESSING),
    "STDP": stdp(STDP, WeightBounds(w_min=0.0, w_max=1.5), meet=True),
    "STDP at hard bounds": stdp(STDP.replace(a_plus=0.1, a_minus=0.12), WeightBounds(), meet=False),
    "STDP with soft bounds": stdp(STDP.replace(a_plus=0.05, a_minus=0.06), WeightBounds(kind="soft", mu_plus=0.5), meet=False),
    "dopamine-modulated STDP": dopamine_stdp(0.25),
}
