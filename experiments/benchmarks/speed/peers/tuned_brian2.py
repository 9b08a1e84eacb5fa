"""W1 and W2 in Brian2's C++ standalone mode, tuned by hand: single precision, flags, and one pass over the synapses a step.

The schedule puts the events of a step in the order of WORKLOADS.md: input spikes, currents, output spikes, plasticity. Weight and
eligibility share one pass over the synapses.
"""

import subprocess

import numpy as np
from brian2 import NeuronGroup, Synapses, defaultclock, device, ms, prefs, run, set_device
from serve import serve

FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math"]  # of the C reference
TIME = 'fprintf(stderr, "CPU %.6f\\n", (double)std::clock() / CLOCKS_PER_SEC);'
CONSTANTS = {
    "d20": float(np.exp(-1 / 20)),
    "d200": float(np.exp(-1 / 200)),
    "a_plus": 0.01,
    "a_minus": 0.012,
    "lr": 0.01,
}


class Network:
    """``copies`` networks of n x m synapses."""

    def __init__(self, n, m, copies, steps):
        self.n, self.m, self.copies, self.steps = n, m, copies, steps

    def prepare(self):
        n, m, copies = self.n, self.m, self.copies
        set_device("cpp_standalone", directory="standalone", build_on_run=False)
        prefs.core.default_float_dtype = np.float32
        prefs.codegen.cpp.extra_compile_args_gcc = ["-w", *FLAGS, "-fno-finite-math-only"]
        defaultclock.dt = 1 * ms
        names = CONSTANTS | {"g": 0.04 * 64 / n, "n": n, "m": m}
        inputs = NeuronGroup(copies * n, "x : 1", threshold="rand() < 0.05", reset="x += 1", namespace=names)
        inputs.run_regularly("x *= d20", when="before_groups")
        inputs.thresholder["spike"].when = "groups"
        neurons = NeuronGroup(copies * m, "v : 1\ny : 1", threshold="v >= 1", reset="v = 0\ny += 1", namespace=names)
        neurons.run_regularly("v *= d20\ny *= d20", when="before_groups")
        synapses = Synapses(
            inputs,
            neurons,
            "w : 1\neligibility : 1",
            on_pre="v_post += g * w\neligibility -= a_minus * y_post",
            on_post="eligibility += a_plus * x_pre",
            namespace=names,
        )
        synapses.connect(j=f"k for k in range((i // {n}) * {m}, (i // {n}) * {m} + {m})")
        synapses.w = "rand()"
        synapses.pre.when, synapses.post.when = "after_groups", "synapses"
        # The decay that belongs to the next step: nothing reads the eligibility in between.
        synapses.run_regularly(
            "w = clip(w + lr * (1 - 2 * int(t_in_timesteps % 1000 >= 500)) * eligibility, 0, 1)\neligibility *= d200", when="end"
        )
        device.insert_code("before_network_run", TIME)
        device.insert_code("after_network_run", TIME)
        run(self.steps * ms)
        device.build(directory="standalone", compile=True, run=True)
        self.mean_weight = float(np.mean(synapses.w[:]))

    def run(self, steps):
        if steps != self.steps:
            raise ValueError(f"the program was built for {self.steps} steps")
        done = subprocess.run(["./main"], cwd="standalone", capture_output=True, text=True, check=True)
        start, end = (float(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("CPU "))
        return end - start

    def check(self):
        return {f"mean_weight_{self.steps}": self.mean_weight}


serve("brian2", {"W1": lambda: Network(64, 16, 256, 500), "W2": lambda: Network(1000, 1000, 1, 500)})
