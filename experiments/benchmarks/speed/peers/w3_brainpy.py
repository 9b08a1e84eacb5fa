"""W3 in BrainPy: its variables, its random numbers, its compiled for loop, and a pass over all synapses a step."""

import time

import brainpy.math as bm
import jax.numpy as jnp
import numpy as np
from serve import serve

N, EXCITATORY, PROBABILITY = 4000, 3200, 0.02
D20, D200 = float(np.exp(-1 / 20)), float(np.exp(-1 / 200))
CHECKED = 1000


class W3:
    """The network, from rest."""

    steps = 200

    def prepare(self):
        drawn = np.random.default_rng(1).random((N, N)) < PROBABILITY
        np.fill_diagonal(drawn, False)
        pre, post = np.nonzero(drawn)
        learns = (pre < EXCITATORY) & (post < EXCITATORY)
        self.plastic = jnp.asarray(pre[learns]), jnp.asarray(post[learns])
        self.fixed = jnp.asarray(pre[~learns]), jnp.asarray(post[~learns])
        self.fixed_weight = jnp.asarray(np.where(pre[~learns] < EXCITATORY, 0.02, -0.1), dtype=jnp.float32)
        self.w = bm.Variable(bm.ones(learns.sum()) * 0.02)
        self.e = bm.Variable(bm.zeros(learns.sum()))
        self.v, self.silent, self.x, self.current = (bm.Variable(bm.zeros(N)) for _ in range(4))
        self.t = 0
        self.compiled = bm.jit(lambda t: bm.for_loop(self.update, t, jit=True))
        self.checked = []
        while self.t < CHECKED:
            self.run(self.steps)
            self.checked.append(self.rate)
        self.mean_weight = float(bm.mean(self.w.value))

    def update(self, t):
        active = self.silent.value < 0.5
        noise = bm.as_jax(bm.random.normal(0.0, 1.0, N))
        v = jnp.where(active, self.v.value * D20 + 0.05 + 0.1 * noise + self.current.value, self.v.value)
        fires = active & (v >= 1)
        z = fires.astype(jnp.float32)
        self.v.value = jnp.where(fires, 0.0, v)
        self.silent.value = jnp.where(fires, 2.0, jnp.maximum(self.silent.value - 1, 0.0))
        x = self.x.value * D20
        pre, post = self.plastic
        self.e.value = self.e.value * D200 + 0.01 * x[pre] * z[post] - 0.012 * z[pre] * x[post]
        dopamine = jnp.where(t % 1000 < 500, 1.0, -1.0)
        self.w.value = jnp.clip(self.w.value + 0.01 * 0.04 * dopamine * self.e.value, 0.0, 0.04)
        self.x.value = x + z
        learned = jnp.zeros(N).at[post].add(self.w.value * z[pre])
        self.current.value = learned.at[self.fixed[1]].add(self.fixed_weight * z[self.fixed[0]])
        return z.mean()

    def run(self, steps):
        t = bm.arange(self.t, self.t + steps)
        self.t += steps
        start = time.process_time()
        self.rate = 1000 * float(np.asarray(self.compiled(t)).mean())
        return time.process_time() - start

    def check(self):
        return {"rate": float(np.mean(self.checked)), f"mean_weight_{CHECKED}": self.mean_weight}


if __name__ == "__main__":
    serve("brainpy", {"W3": W3})
