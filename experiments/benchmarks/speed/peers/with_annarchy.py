"""W1-closed in ANNarchy."""

import time

import ANNarchy as ann
from serve import serve

NEURON = ann.Neuron(
    equations="v = 0.951229425 * v + 0.04 * g_exc",
    spike="v >= 1.0",
    reset="v = 0.0",
)
SYNAPSE = ann.Synapse(
    parameters="tau = 20.0 : projection\ntau_e = 200.0 : projection\nlr = 0.01 : projection\ndopamine = 1.0 : projection",
    equations="""
        tau * dx/dt = -x : event-driven
        tau * dy/dt = -y : event-driven
        tau_e * dc/dt = -c : exponential
        w = clip(w + lr * dopamine * c, 0.0, 1.0)
    """,
    pre_spike="g_target += w\nc -= 0.012 * y\nx += 1.0",
    post_spike="c += 0.01 * x\ny += 1.0",
)


class Closed:
    """64 x 16 synapses, one call a step, the spikes of the step read back."""

    steps = 5000

    def prepare(self):
        self.net = ann.Network(dt=1.0, seed=1)
        self.net.config(num_threads=1)
        inputs = self.net.create(ann.PoissonPopulation(64, rates=50.0))
        self.neurons = self.net.create(16, NEURON)
        self.projection = self.net.connect(inputs, self.neurons, "exc", SYNAPSE)
        self.projection.all_to_all(weights=ann.Uniform(0.0, 1.0))
        self.net.compile(silent=True)
        self.t = 0

    def run(self, steps):
        net, neurons, projection = self.net, self.neurons, self.projection
        start = time.process_time()
        for _ in range(steps):
            if self.t % 500 == 0:
                projection.dopamine = 1.0 if self.t % 1000 < 500 else -1.0
            net.step()
            neurons.v  # noqa: B018 - reading is the point
            self.t += 1
        return time.process_time() - start

    def check(self):
        values = {}
        for steps in (500, 1000):
            self.run(500)
            weights = self.projection.w
            values[f"mean_weight_{steps}"] = sum(map(sum, weights)) / 1024
        return values


serve("ANNarchy", {"W1-closed": Closed})
