# %% [markdown]
# # A first agent
#
# A spiking agent learns to balance a pole, on one core, in some seconds. Then we look at what it learned, act with it in
# Gymnasium, and take its dopamine away.
#
# A run trains several *learners* at once: the same agent with other random numbers. One learner says little about a method.

# %%
import neurorl

run = neurorl.train("CartPole-v1", seeds=8, steps=8_000, eval_every=1_000, out="runs/first")
run

# %% [markdown]
# The run is a folder (`runs/first`), and what was measured in it are pandas tables. `evaluation` has one row for each
# learner and evaluation: 20 greedy episodes with frozen weights.

# %%
run.evaluation.pivot(index="env_step", columns="seed", values="eval_return").round(0)

# %% [markdown]
# The learning curve: a line in the middle is the interquartile mean over learners, the band its 95 % bootstrap interval.

# %%
from IPython.display import Image

Image(run.plot())

# %% [markdown]
# ## Acting
#
# `run.agent(i)` is one learner with frozen weights. It takes and returns what the environment gives and takes.

# %%
import gymnasium

agent, env = run.agent(0), gymnasium.make("CartPole-v1")
observation, info = env.reset(seed=1)
agent.reset()
total, over = 0.0, False
while not over:
    observation, reward, terminated, truncated, info = env.step(agent.act(observation))
    total, over = total + reward, terminated or truncated
total

# %% [markdown]
# ## What happened inside
#
# Every run of an agent that records keeps a picture of one episode of the first learner, spike by spike: the value of the
# critic, dopamine (the prediction error), and the spikes of the neurons.

# %%
Image(run.path / "spikes.png")

# %% [markdown]
# ## Without dopamine
#
# Dopamine times eligibility is the only thing that changes a weight. With its gain at 0 nothing may be learned. Any part of
# the agent can be switched off in this way; [Ablations](../ablations.md) does it with all of them.

# %%
without = neurorl.train(
    "CartPole-v1", seeds=8, steps=8_000, eval_every=1_000, out="runs/without", settings={"dopamine.gain": 0.0}
)
Image(neurorl.runs.run.plot([run, without], "comparison.png"))

# %%
print("with:   ", run.summary["final_eval_return_iqm"])
print("without:", without.summary["final_eval_return_iqm"])
assert run.summary["final_eval_return_iqm"] > 10 * without.summary["final_eval_return_iqm"]

# %% [markdown]
# The same from the command line:
#
# ```bash
# neurorl train CartPole-v1 --seeds 8 --steps 8000 --out runs/first
# neurorl train CartPole-v1 --seeds 8 --steps 8000 --out runs/without --set dopamine.gain=0
# neurorl plot runs/first runs/without --out comparison.png
# ```
#
# Next: [your own environment](your_environment.py), or [how a run is kept](../runs.md).
