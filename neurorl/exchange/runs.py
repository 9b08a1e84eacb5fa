"""An episode of a trained agent, as it was recorded: every population's spikes, its value, its dopamine and the reward."""

from typing import Any

import numpy as np

from neurorl.errors import NeurorlError
from neurorl.exchange.recorded import Recorded, Signal
from neurorl.loops import record

FIRST = 1_000_003  # seed of the episode: that of the first evaluation


def of_episode(run: Any, index: int = 0, seed: int = FIRST, step_ms: float | None = None) -> Recorded:
    """Return one episode of a learner, which goes on learning in it.

    Args:
        run: A run, of ``neurorl.train`` or ``neurorl.load``.
        index: The learner.
        seed: Of the episode.
        step_ms: Length of an environment step, ms; by default what the agent says (``duration``), and else 1 ms a substep.
            Several spikes of a neuron in one substep are spread evenly over it.

    Raises:
        NeurorlError: An agent that has no spiking neurons to record.
    """
    trained = run.agent(index)
    agent = trained.agent
    if not hasattr(agent, "record"):
        raise NeurorlError(f"agent '{run.values['agent_id']}' records no spikes; agents of spiking neurons do")
    episode = record.episode(trained.task, agent, trained.state, seed, trained.carried)
    counts = {name: np.asarray(each) for name, each in episode.recording.spikes.items()}  # [T, S, n]
    if step_ms is None:
        said = getattr(agent, "duration", None) or getattr(agent, "substeps", None)
        step_ms = float(said or max(each.shape[1] for each in counts.values()))
    spikes = {name: _times(each, step_ms) for name, each in counts.items()}
    named = {"reward": episode.reward, **{name: np.asarray(each) for name, each in episode.recording.signals.items()}}
    signals = {name: Signal(np.asarray(each, np.float64)[:, None], step_ms) for name, each in named.items()}
    return Recorded(spikes, 0.0, len(episode.reward) * step_ms, signals)


def _times(counts: np.ndarray, step_ms: float) -> list[np.ndarray]:
    """Return the spike times [k] of each neuron, ms, of its counts [T, S, n] in S equal parts of each step."""
    flat = np.round(counts.reshape(-1, counts.shape[2])).astype(np.int64)
    width = step_ms / counts.shape[1]
    trains = []
    for neuron in flat.T:
        part = np.repeat(np.arange(len(neuron)), neuron)
        within = np.arange(len(part)) - np.repeat(np.cumsum(neuron) - neuron, neuron)
        trains.append((part + within / np.repeat(np.maximum(neuron, 1), neuron)) * width)
    return trains
