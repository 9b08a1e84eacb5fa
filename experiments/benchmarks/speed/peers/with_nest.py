"""W2 and W1-closed in NEST: the same sizes and rates, with NEST's own rule of dopamine-modulated STDP.

``stdp_dopamine_synapse`` integrates a weight between the spikes that reach it instead of writing it at every step; its dopamine
is a trace of a volume transmitter's spikes: the network is the workload's, single weights are not.
"""

import time

import nest
from serve import serve

nest.verbosity = nest.VerbosityLevel.ERROR


class Network:
    """One network of n x m synapses."""

    def __init__(self, n, m, steps, closed=False):
        self.n, self.m, self.steps, self.closed = n, m, steps, closed

    def prepare(self):
        n, m = self.n, self.m
        nest.ResetKernel()
        nest.set(resolution=1.0, local_num_threads=1, rng_seed=1)
        threshold = n / (0.04 * 64)  # mV: a weight of 1 mV is the workload's jump g in thresholds
        noise = nest.Create("poisson_generator", params={"rate": 50.0})
        inputs = nest.Create("parrot_neuron", n)
        neuron = {"E_L": 0.0, "V_reset": 0.0, "V_th": threshold, "V_m": 0.0, "tau_m": 20.0, "t_ref": 0.0, "tau_minus": 20.0}
        self.neurons = nest.Create("iaf_psc_delta", m, params=neuron)
        # A dopamine spike a millisecond for half a second, then none: its trace less the baseline is +1/2, then -1/2.
        times = [float(t) for t in range(1, 200_000) if t % 1000 < 500]
        dopamine = nest.Create("parrot_neuron")
        nest.Connect(nest.Create("spike_generator", params={"spike_times": times}), dopamine)
        # Synapses are told of dopamine once in 50 ms, as long as a chunk of neurorl, or in every step.
        transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1 if self.closed else 50})
        nest.Connect(dopamine, transmitter)
        rule = {
            "tau_c": 200.0,
            "tau_n": 1.0,
            "tau_plus": 20.0,
            "b": 0.5,
            "A_plus": 2e-4,
            "A_minus": 2.4e-4,
            "Wmin": 0.0,
            "Wmax": 1.0,
        }
        nest.CopyModel("stdp_dopamine_synapse", "plastic", {**rule, "volume_transmitter": transmitter, "delay": 1.0})
        nest.Connect(noise, inputs)
        nest.Connect(inputs, self.neurons, "all_to_all", {"synapse_model": "plastic", "weight": nest.random.uniform(0.0, 1.0)})
        self.recorder = nest.Create("spike_recorder")
        nest.Connect(self.neurons, self.recorder)
        nest.Simulate(10.0)

    def run(self, steps):
        self.recorder.n_events = 0  # a question to it takes as long as it has events
        start = time.process_time()
        if self.closed:
            with nest.RunManager():
                for _ in range(steps):
                    nest.Run(1.0)
                    self.recorder.n_events  # noqa: B018 - reading is the point
        else:
            nest.Simulate(float(steps))
        return time.process_time() - start

    def check(self):
        self.run(500)
        weights = nest.GetConnections(target=self.neurons, synapse_model="plastic").weight
        return {"rate_500": self.recorder.n_events / self.m / 0.5, "mean_weight_500": sum(weights) / len(weights)}


serve("nest-simulator", {"W2": lambda: Network(1000, 1000, 100), "W1-closed": lambda: Network(64, 16, 2000, closed=True)})
