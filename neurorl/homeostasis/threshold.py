r"""Threshold adaptation: a neuron that fires more than its share raises its threshold.

    theta <- theta + rate (activity - target)

Intrinsic plasticity after Desai, Rutherford and Turrigiano (1999); the form of Diehl and Cook (2015).
"""

from jax import Array


def adapt(threshold: Array, activity: Array, target: float | Array, rate: float | Array) -> Array:
    """Return the thresholds [n] after one step with activity [n], for a target activity."""
    return threshold + rate * (activity - target)
