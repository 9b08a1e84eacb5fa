# %% [markdown]
# # A sweep and its statistics
#
# How fast should the actor learn, and how sure is the answer? A *sweep* trains many configurations with many seeds; the
# statistics are those of Agarwal et al. (2021), which say how much a handful of runs can tell.

# %%
from neurorl import sweeps

description = {
    "env": "CartPole-v1",
    "agent": "spiking-actor-critic",
    "seeds": 8,  # learners of every configuration
    "steps": 6_000,
    "eval_every": 1_000,
    "grid": {"actor.learning_rate": [1.0, 20.0, 400.0]},
}
report = sweeps.sweep(description, out="runs/rates")
print(report.shards, "shards computed,", len(report.failures), "failures")

# %% [markdown]
# Configurations that differ in numbers share one compiled program, and are spread over its learners. Killed at any moment,
# the same call goes on where it was. The results are one pandas table, one row a learner and evaluation.

# %%
table = sweeps.results("runs/rates")
table[["actor.learning_rate", "seed", "env_step", "eval_return"]].head()

# %%
import matplotlib.pyplot as plt

from neurorl.results import statistics

figure, axes = plt.subplots(figsize=(8, 3.5))
for rate, rows in table.groupby("actor.learning_rate"):
    scores = rows.pivot(index="seed", columns="env_step", values="eval_return")  # [learners, evaluations]
    middle = [statistics.interquartile_mean(scores[step].to_numpy()) for step in scores]
    low, high = zip(*[statistics.confidence_interval(scores[step].to_numpy()) for step in scores], strict=True)
    axes.plot(scores.columns, middle, marker="o", label=f"learning rate {rate:g}")
    axes.fill_between(scores.columns, low, high, alpha=0.2)
axes.set(xlabel="environment steps", ylabel="greedy return")
axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
figure.show()

# %% [markdown]
# The line is the interquartile mean over learners, which neither one failure nor one lucky run moves much; the band is its
# 95 % bootstrap interval. At the end of training:

# %%
last = table[table.env_step == table.env_step.max()]
scores = {rate: rows.eval_return.to_numpy() for rate, rows in last.groupby("actor.learning_rate")}
sweeps.best("runs/rates", 3)[["actor.learning_rate", "eval_return", "low", "high"]]

# %% [markdown]
# How likely is a learner of one configuration to beat one of another? 0.5 means that nothing can be told.

# %%
better, worse = scores[20.0], scores[1.0]
print("probability of improvement:", statistics.probability_of_improvement(better, worse))
print("95 % interval:             ", statistics.improvement_interval(better, worse))

# %% [markdown]
# And what share of learners reaches a given return? A *performance profile* shows the whole distribution at once.

# %%
import numpy as np

levels = np.linspace(0, 500, 101)
figure, axes = plt.subplots(figsize=(8, 3))
for rate, values in scores.items():
    axes.step(levels, statistics.performance_profile(values, levels), where="post", label=f"learning rate {rate:g}")
axes.set(xlabel="greedy return", ylabel="share of learners above", ylim=(-0.02, 1.02))
axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
figure.show()

# %% [markdown]
# The best of many configurations looks better than it is: train it again on seeds on which nothing was chosen before you
# report it. From the command line a sweep is a file, `neurorl sweep rates.toml --runner pool`, and Optuna can choose the
# rows instead of a grid ([Sweeps](../sweeps.md)). Next: [the FPGA board](board.py).
