"""Slow processes that keep a plastic network in its working range."""

from neurorl.homeostasis.target_rate import TargetRate

__all__ = ["TargetRate"]
