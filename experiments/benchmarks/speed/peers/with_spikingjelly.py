"""W2 and W1-closed in SpikingJelly: its STDP learner and LIF node, with eligibility and dopamine in three lines around them."""

import math
import time

import torch
from serve import serve
from spikingjelly.activation_based import learning, neuron

torch.set_num_threads(1)
torch.manual_seed(1)


class Network:
    """One network of n x m synapses."""

    def __init__(self, n, m, steps, closed=False):
        self.n, self.m, self.steps, self.closed = n, m, steps, closed

    def prepare(self):
        n, m = self.n, self.m
        self.synapses = torch.nn.Linear(n, m, bias=False)
        torch.nn.init.uniform_(self.synapses.weight, 0.0, 1.0)
        self.synapses.weight.requires_grad_(False)
        self.neurons = neuron.LIFNode(
            tau=1 / (1 - math.exp(-1 / 20)), decay_input=False, v_threshold=n / (0.04 * 64), v_reset=0.0, step_mode="s"
        )
        tau = 1 / (1 - math.exp(-1 / 20))
        self.learner = learning.STDPLearner(
            "s", self.synapses, self.neurons, tau_pre=tau, tau_post=tau, f_pre=lambda w: 0.012, f_post=lambda w: 0.01
        )
        self.eligibility = torch.zeros_like(self.synapses.weight)
        self.t, self.spikes = 0, 0.0
        self.run(10)

    @torch.no_grad()
    def run(self, steps):
        decay = math.exp(-1 / 200)
        start = time.process_time()
        for _ in range(steps):
            post = self.neurons(self.synapses((torch.rand(1, self.n) < 0.05).float()))
            self.eligibility.mul_(decay).add_(self.learner.step(on_grad=False))
            self.synapses.weight.add_(self.eligibility, alpha=0.01 if self.t % 1000 < 500 else -0.01).clamp_(0.0, 1.0)
            if self.closed:
                self.spikes += post.numpy().sum()
            self.t += 1
        return time.process_time() - start

    def check(self):
        self.run(500)
        return {"mean_weight_500": float(self.synapses.weight.mean())}


serve("spikingjelly", {"W2": lambda: Network(1000, 1000, 50), "W1-closed": lambda: Network(64, 16, 1000, closed=True)})
