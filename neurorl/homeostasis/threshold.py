r"""Threshold adaptation: a neuron that fires more than its share raises its threshold.

    theta <- theta + rate (activity - target)

Intrinsic plasticity after Desai, Rutherford and Turrigiano (1999); the form of Diehl and Cook (2015).
"""

from jaxtyping import Array, Float

from neurorl.typing import PerNeuron


def adapt(threshold: Float[Array, " n"], activity: Float[Array, " n"], target: PerNeuron, rate: PerNeuron) -> Float[Array, " n"]:
    """Return the thresholds [n] after one step with activity [n], for a target activity."""
    return threshold + rate * (activity - target)
