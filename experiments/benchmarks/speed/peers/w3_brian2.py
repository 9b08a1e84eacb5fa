"""W3 in Brian2, C++ standalone, with float32 and the compiler flags of our C reference; timed inside the program it generates."""

import subprocess
import tempfile
from pathlib import Path

import brian2 as b2
import numpy as np
from serve import serve

N, EXCITATORY, PROBABILITY = 4000, 3200, 0.02
WARM = 200  # steps
CONSTANTS = {
    "d20": np.exp(-1 / 20),
    "d200": np.exp(-1 / 200),
    "a_plus": 0.01,
    "a_minus": 0.012,
    "rate": 0.01 * 0.04,
    "w_max": 0.04,
}
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math"]  # of the C reference
CLOCK = 'std::ofstream("{0}", std::ios::app) << (double) std::clock() / CLOCKS_PER_SEC << std::endl;'

NEURON = """
v = int(silent < 0.5) * (v * d20 + 0.05 + 0.1 * randn() + current) + int(silent >= 0.5) * v
silent = clip(silent - 1, 0, 2)
x = x * d20
current = 0
"""
# The eligibility is kept decayed to the next step, so that one pass over the synapses does both.
SYNAPSE = """
w = clip(w + rate * (1 - 2 * int(t_in_timesteps % 1000 >= 500)) * tag, 0, w_max)
tag = tag * d200
"""


class W3:
    """A program that runs for ``WARM + steps`` ms from rest, each time it is called."""

    steps = 800

    def prepare(self):
        self.folder = tempfile.TemporaryDirectory()
        self.times = Path(self.folder.name, "times.txt").resolve()
        b2.set_device("cpp_standalone", directory=self.folder.name, build_on_run=False)
        b2.prefs.core.default_float_dtype = np.float32
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", *FLAGS, "-std=c++11"]
        b2.defaultclock.dt = 1 * b2.ms
        b2.seed(1)
        neurons = b2.NeuronGroup(
            N, "v : 1\nsilent : 1\nx : 1\ncurrent : 1", threshold="v >= 1", reset="v = 0; silent = 2; x += 1", namespace=CONSTANTS
        )
        neurons.run_regularly(NEURON, when="groups")
        drawn = np.random.default_rng(1).random((N, N)) < PROBABILITY
        np.fill_diagonal(drawn, False)
        pre, post = np.nonzero(drawn)
        learns = (pre < EXCITATORY) & (post < EXCITATORY)
        self.plastic = b2.Synapses(
            neurons,
            neurons,
            "w : 1\ntag : 1",
            on_pre={"depress": "tag -= a_minus * x_post", "send": "current_post += w"},
            on_post="tag += a_plus * x_pre",
            namespace=CONSTANTS,
        )
        self.plastic.connect(i=pre[learns], j=post[learns])
        self.plastic.w = 0.02
        self.plastic.run_regularly(SYNAPSE, when="after_synapses")
        self.plastic.send.when = "before_resets"
        fixed = b2.Synapses(neurons, neurons, "w : 1 (constant)", on_pre="current_post += w")
        fixed.connect(i=pre[~learns], j=post[~learns])
        fixed.w = np.where(pre[~learns] < EXCITATORY, 0.02, -0.1)
        self.spikes = b2.SpikeMonitor(neurons, record=False)
        network = b2.Network(neurons, self.plastic, fixed, self.spikes)
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
        total = WARM + self.steps
        return {"rate": 1000 * float(self.spikes.num_spikes) / N / total, f"mean_weight_{total}": float(np.mean(self.plastic.w))}


if __name__ == "__main__":
    serve("brian2", {"W3": W3})
