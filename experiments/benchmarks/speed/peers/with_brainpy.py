"""W1, W2 and W1-closed in BrainPy: its variables, its random numbers, its compiled for loop."""

import time

import brainpy.math as bm
import numpy as np
from serve import serve

D20, D200 = float(np.exp(-1 / 20)), float(np.exp(-1 / 200))


class Network:
    """``copies`` networks of n x m synapses."""

    def __init__(self, n, m, copies, steps):
        self.shape, self.steps, self.g = (copies, n, m), steps, 0.04 * 64 / n

    def prepare(self):
        copies, n, m = self.shape
        self.w = bm.Variable(bm.random.uniform(0.0, 1.0, self.shape))
        self.e = bm.Variable(bm.zeros(self.shape))
        self.v, self.post = (bm.Variable(bm.zeros((copies, m))) for _ in range(2))
        self.pre = bm.Variable(bm.zeros((copies, n)))
        self.t = 0
        self.compiled = bm.jit(lambda t: bm.for_loop(self.update, t, jit=True))
        self.run(self.steps)

    def update(self, t):
        copies, n, _ = self.shape
        s = bm.random.bernoulli(0.05, (copies, n)).astype(float)
        v = self.v * D20 + self.g * bm.einsum("cn,cnm->cm", s, self.w.value)
        q = (v >= 1).astype(float)
        self.v.value = bm.where(v >= 1, 0.0, v)
        x, y = self.pre * D20, self.post * D20
        self.e.value = self.e * D200 + 0.01 * x[:, :, None] * q[:, None, :] - 0.012 * s[:, :, None] * y[:, None, :]
        self.pre.value, self.post.value = x + s, y + q
        dopamine = bm.where(t % 1000 < 500, 1.0, -1.0)
        self.w.value = bm.clip(self.w + 0.01 * dopamine * self.e, 0.0, 1.0)
        return q.mean()

    def run(self, steps):
        t = bm.arange(self.t, self.t + steps)
        self.t += steps
        start = time.process_time()
        self.rate = float(np.asarray(self.compiled(t)).mean()) * 1000
        self.w.value.block_until_ready()
        return time.process_time() - start

    def check(self):
        self.prepare_again()
        values = {}
        for steps in (500, 1000):
            self.run(500)
            values[f"mean_weight_{steps}"], values[f"rate_{steps}"] = float(self.w.mean()), self.rate
        return values

    def prepare_again(self):
        for variable in (self.e, self.v, self.post, self.pre):
            variable.value = bm.zeros_like(variable.value)
        self.w.value = bm.random.uniform(0.0, 1.0, self.shape)
        self.t = 0


class Closed(Network):
    """One call a step, the spikes read back."""

    def prepare(self):
        super().prepare()
        self.one = bm.jit(self.update_one)

    def update_one(self, t):
        self.update(t)
        return self.v.value == 0  # where a neuron has just spiked

    def run(self, steps):
        if not hasattr(self, "one"):
            return super().run(steps)
        start = time.process_time()
        for t in range(self.t, self.t + steps):
            np.asarray(self.one(t))
        self.t += steps
        return time.process_time() - start


serve(
    "brainpy",
    {
        "W1": lambda: Network(64, 16, 256, 200),
        "W2": lambda: Network(1000, 1000, 1, 100),
        "W1-closed": lambda: Closed(64, 16, 1, 2000),
    },
)
