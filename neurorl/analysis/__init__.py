"""Spike trains and populations measured and drawn."""

from neurorl.analysis.population import PopulationActivity, activity
from neurorl.analysis.spike_train import SpikeTrain, spike_counts, trains

__all__ = ["PopulationActivity", "SpikeTrain", "activity", "spike_counts", "trains"]
