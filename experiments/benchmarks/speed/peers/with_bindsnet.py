"""W2 and W1-closed in BindsNET: its reward-modulated STDP with an eligibility trace (MSTDPET, Florian 2007)."""

import time

import torch
from bindsnet.learning import MSTDPET
from bindsnet.network import Network as Bindsnet
from bindsnet.network.nodes import Input, LIFNodes
from bindsnet.network.topology import Connection
from serve import serve

torch.set_num_threads(1)
torch.manual_seed(1)


class Network:
    """One network of n x m synapses."""

    def __init__(self, n, m, steps, closed=False):
        self.n, self.m, self.steps, self.closed = n, m, steps, closed

    def prepare(self):
        n, m = self.n, self.m
        self.network = Bindsnet(dt=1.0, learning=True)
        inputs = Input(n)
        neurons = LIFNodes(m, rest=0.0, reset=0.0, thresh=n / (0.04 * 64), refrac=0, tc_decay=20.0)
        connection = Connection(
            inputs,
            neurons,
            w=torch.rand(n, m),
            wmin=0.0,
            wmax=1.0,
            update_rule=MSTDPET,
            nu=2.0,  # 0.01 times tau_e, by which the rule divides
            tc_plus=20.0,
            tc_minus=20.0,
            tc_e_trace=200.0,
        )
        self.network.add_layer(inputs, "inputs")
        self.network.add_layer(neurons, "neurons")
        self.network.add_connection(connection, "inputs", "neurons")
        self.neurons, self.connection, self.t, self.spikes = neurons, connection, 0, 0.0
        self.run(10)

    def run(self, steps):
        start = time.process_time()
        for _ in range(steps):
            reward = 1.0 if self.t % 1000 < 500 else -1.0
            self.network.run(
                {"inputs": (torch.rand(1, self.n) < 0.05).float()}, time=1, reward=reward, a_plus=0.01, a_minus=-0.012
            )
            if self.closed:
                self.spikes += self.neurons.s.numpy().sum()
            self.t += 1
        return time.process_time() - start

    def check(self):
        self.run(500)
        return {"mean_weight_500": float(self.connection.w.mean())}


serve("bindsnet", {"W2": lambda: Network(1000, 1000, 50), "W1-closed": lambda: Network(64, 16, 1000, closed=True)})
