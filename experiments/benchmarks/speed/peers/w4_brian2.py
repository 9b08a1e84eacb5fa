"""W4 in Brian2, C++ standalone, with float32 and the compiler flags of our C reference; timed inside the program it generates."""

import subprocess
import tempfile
from pathlib import Path

import brian2 as b2
import numpy as np
from serve import serve

N, EXCITATORY, PROBABILITY = 4000, 3200, 0.02
WARM = 200  # steps
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math"]  # of the C reference
CLOCK = 'std::ofstream("{0}", std::ios::app) << (double) std::clock() / CLOCKS_PER_SEC << std::endl;'
NEURON = """
v = int(silent < 0.5) * (v * d20 + 0.05 + 0.1 * randn() + current) + int(silent >= 0.5) * v
silent = clip(silent - 1, 0, 2)
current = 0
"""


class W4:
    """A program that runs for ``WARM + steps`` ms from rest, each time it is called."""

    steps = 2000

    def prepare(self):
        self.folder = tempfile.TemporaryDirectory()
        self.times = Path(self.folder.name, "times.txt").resolve()
        b2.set_device("cpp_standalone", directory=self.folder.name, build_on_run=False)
        b2.prefs.core.default_float_dtype = np.float32
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", *FLAGS, "-std=c++11"]
        b2.defaultclock.dt = 1 * b2.ms
        b2.seed(1)
        constants = {"d20": np.exp(-1 / 20)}
        equations = "v : 1\nsilent : 1\ncurrent : 1"
        neurons = b2.NeuronGroup(N, equations, threshold="v >= 1", reset="v = 0; silent = 2", namespace=constants)
        neurons.run_regularly(NEURON, when="groups")
        rng = np.random.default_rng(1)
        drawn = rng.random((N, N)) < PROBABILITY
        np.fill_diagonal(drawn, False)
        pre, post = np.nonzero(drawn)
        synapses = b2.Synapses(neurons, neurons, "w : 1 (constant)", on_pre="current_post += w")
        synapses.connect(i=pre, j=post)
        synapses.w = np.where(pre < EXCITATORY, 0.02, -0.1)
        # What is added to a current acts in the next step: a delay of a step is none here.
        synapses.delay = rng.integers(0, 20, len(pre)) * b2.ms
        self.spikes = b2.SpikeMonitor(neurons, record=False)
        network = b2.Network(neurons, synapses, self.spikes)
        network.run(WARM * b2.ms)
        b2.device.insert_code("main", CLOCK.format(self.times))
        network.run(self.steps * b2.ms)
        b2.device.insert_code("main", CLOCK.format(self.times))
        b2.device.build(directory=self.folder.name, compile=True, run=True)

    def run(self, steps):
        if steps != self.steps:
            raise ValueError(f"the program runs for {self.steps} steps, not {steps}")
        self.times.unlink(missing_ok=True)
        subprocess.run(["./main"], cwd=self.folder.name, check=True)
        before, after = np.loadtxt(self.times)
        return after - before

    def check(self):
        return {"rate": 1000 * float(self.spikes.num_spikes) / N / (WARM + self.steps)}


if __name__ == "__main__":
    serve("brian2", {"W4": W4})
