"""The workloads in other simulators, each in a process of its own, perhaps with another Python.

A file defines cases (see :mod:`experiments.benchmarks.speed.case`) and ends in ``serve(package, {"W1": ..., ...})``. It imports
nothing of neurorl: the other environment need not have it.
"""

PACKAGES = {
    "BrainPy": "brainpy",
    "Brian2": "brian2",
    "Brian2, tuned": "brian2",
    "ANNarchy": "ANNarchy",
    "NEST": "nest",
    "BindsNET": "bindsnet",
    "SpikingJelly": "spikingjelly",
}
FILES = {
    ("BrainPy", "W1"): "with_brainpy.py",
    ("BrainPy", "W2"): "with_brainpy.py",
    ("BrainPy", "W1-closed"): "with_brainpy.py",
    ("BrainPy", "W3"): "w3_brainpy.py",
    ("Brian2", "W1"): "with_brian2.py",
    ("Brian2", "W2"): "with_brian2.py",
    ("Brian2, tuned", "W1"): "tuned_brian2.py",
    ("Brian2, tuned", "W2"): "tuned_brian2.py",
    ("Brian2, tuned", "W3"): "w3_brian2.py",
    ("Brian2, tuned", "W4"): "w4_brian2.py",
    ("ANNarchy", "W1-closed"): "with_annarchy.py",
    ("NEST", "W2"): "with_nest.py",
    ("NEST", "W1-closed"): "with_nest.py",
    ("BindsNET", "W2"): "with_bindsnet.py",
    ("BindsNET", "W1-closed"): "with_bindsnet.py",
    ("SpikingJelly", "W2"): "with_spikingjelly.py",
    ("SpikingJelly", "W1-closed"): "with_spikingjelly.py",
}
