"""W1 and W2 in Brian2's C++ standalone mode, the rule written as Brian2's documentation writes such rules.

Traces are event-driven, the eligibility is integrated exactly at every step, and what dopamine does to the weights is a regular
operation; numbers are Brian2's own doubles and flags its own. ``tuned_brian2.py`` is the same by hand.
"""

import subprocess

import numpy as np
from brian2 import Hz, NeuronGroup, PoissonGroup, Synapses, defaultclock, device, ms, run, set_device
from serve import serve

TIME = 'fprintf(stderr, "CPU %.6f\\n", (double)std::clock() / CLOCKS_PER_SEC);'
CONSTANTS = {"tau": 20 * ms, "tau_e": 200 * ms, "a_plus": 0.01, "a_minus": 0.012, "lr": 0.01}


class Network:
    """``copies`` networks of n x m synapses."""

    def __init__(self, n, m, copies, steps):
        self.n, self.m, self.copies, self.steps = n, m, copies, steps

    def prepare(self):
        n, m, copies = self.n, self.m, self.copies
        set_device("cpp_standalone", directory="standalone", build_on_run=False)
        defaultclock.dt = 1 * ms
        names = CONSTANTS | {"g": 0.04 * 64 / n}
        inputs = PoissonGroup(copies * n, rates=50 * Hz)
        neurons = NeuronGroup(
            copies * m, "dv/dt = -v / tau : 1", threshold="v >= 1", reset="v = 0", method="exact", namespace=names
        )
        synapses = Synapses(
            inputs,
            neurons,
            """w : 1
            dx/dt = -x / tau : 1 (event-driven)
            dy/dt = -y / tau : 1 (event-driven)
            dc/dt = -c / tau_e : 1 (clock-driven)""",
            on_pre="v_post += g * w\nx += 1\nc -= a_minus * y",
            on_post="y += 1\nc += a_plus * x",
            method="exact",
            namespace=names,
        )
        synapses.connect(j=f"k for k in range((i // {n}) * {m}, (i // {n}) * {m} + {m})")
        synapses.w = "rand()"
        synapses.run_regularly("w = clip(w + lr * (1 - 2 * int(t_in_timesteps % 1000 >= 500)) * c, 0, 1)", when="end")
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
