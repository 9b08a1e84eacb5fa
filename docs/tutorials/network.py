# %% [markdown]
# # Build a network, and let it act
#
# A network is made of populations and of the synapses between them. It runs by itself, millisecond by millisecond; with a
# sensory and a motor population it is an agent.

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from neurorl import Network
from neurorl.analysis import plots
from neurorl.codes import poisson

network = Network()
sensory = network.add_population(100, "sensory")
hidden = network.add_population(400, "excitatory")
output = network.add_population(50, "motor", neuron="regular_spiking")  # an Izhikevich neuron
network.connect(sensory, hidden, probability=0.3, weight=0.5)  # mV a spike
network.connect(hidden, output, probability=0.2, weight=1.0, delay=5.0)  # ms
print(network.plan())

# %% [markdown]
# `plan()` says which compiled program runs each pathway, and why ([Networks](../networks.md)). Poisson trains of 100 Hz
# drive the sensory neurons for a second.

# %%
trains = poisson.train(jax.random.key(0), jnp.full(100, 100.0), steps=1000, dt=1.0)
start = network.init()
middle, record = network.run(start, 1000, spikes={sensory: trains})
for population in (sensory, hidden, output):
    print(f"{population.name:10} {network.activity(record, population).rate:6.1f} Hz")

# %%
sizes = {population.name: population.size for population in (sensory, hidden, output)}
spikes = np.concatenate([record.spikes[name] for name in sizes], axis=1)
figure, axes = plt.subplots(figsize=(8, 4))
plots.raster(spikes[:400], 1.0, sizes, axes=axes)
figure.show()

# %% [markdown]
# ## Dopamine
#
# In that second every spike left its trace on the synapses, and no weight changed, because no dopamine was there. A release
# turns what has gathered into change.


# %%
def largest_change(state):
    return float(jnp.abs(network.weights(state, sensory, hidden) - network.weights(start, sensory, hidden)).max())


released = network.release(middle, "dopamine", 0.8)
end, _ = network.run(released, 200, spikes={sensory: trains[:200]})
print("without dopamine:", largest_change(middle))
print("after a release: ", largest_change(end))
assert largest_change(middle) == 0 < largest_change(end)

# %%
weights = network.weights(end, sensory, hidden)
figure, axes = plt.subplots(figsize=(8, 2.5))
plots.weight_histogram(weights[weights != 0], axes=axes)
figure.show()

# %% [markdown]
# ## A network that acts
#
# The observation of a task becomes spikes of the sensory population, the group of motor neurons that fires most is the
# action, and dopamine is the prediction error of a critic. Motor neurons choose by chance: they fire with a probability
# that grows with their membrane potential (`EscapeNoise`), and the rule `escape-noise` credits a synapse with what its
# neuron did beyond what was expected.

# %%
from neurorl import LIF, STDP, DopamineSTDP, EscapeNoise, SpikingNetwork, WeightBounds, train

network = Network()
sensory = network.add_population(384, "sensory", neuron="relay")  # spikes of the observation's code
hidden = network.add_population(384, neuron=LIF(tau_m=5.0), name="hidden")
motor = network.add_population(16, "motor", neuron=LIF(tau_m=5.0, v_rest=-59.6, escape=EscapeNoise()))
network.connect(sensory, hidden, probability=0.02, weight=8.0, plastic=False)
learns = DopamineSTDP(STDP(a_plus=1.0, tau_plus=5.0), WeightBounds(-3.0, 3.0), learning_rate=0.004, rule="escape-noise")
network.connect(hidden, motor, weight=0.0, plastic=learns, sign="mixed")
agent = SpikingNetwork(network, sensory="sensory", motor="motor")
run = train("CartPole-v1", agent, seeds=2, steps=4_000, eval_every=1_000, eval_episodes=5, out="runs/network")

# %%
from IPython.display import Image

Image(run.plot())

# %%
curve = run.evaluation.groupby("env_step").eval_return.mean()
assert curve.iloc[-1] > 50, "a policy that knows nothing holds the pole for some ten steps"
curve

# %% [markdown]
# One episode, spike by spike, in every population:

# %%
Image(run.path / "spikes.png")

# %% [markdown]
# The default wiring, with inhibition and a spiking critic, is `neurorl train CartPole-v1 --agent spiking-network`; what it
# reaches is in [Networks](../networks.md). Next: [a sweep and its statistics](sweep.py).
