# %% [markdown]
# # The FPGA board, from a Vivado report
#
# An FPGA is built, Vivado says how much slack its timing has, and then somebody has to choose clock, voltage and fan while
# heat, age and faults do what they do. This page goes from the report of a build to a simulated board with the timing of
# that build, and lets governors drive it. `timing.rpt` is a report that was written for this package's tests; take one of
# yours.

# %%
from neurorl.envs.fpga import reports

metrics = reports.read("timing.rpt")
print("setup slack:", metrics.timing.slacks.wns_ns, "ns    hold slack:", metrics.timing.slacks.whs_ns, "ns")
print("timing is", metrics.timing.verdict)

# %% [markdown]
# The same in the shell is `neurorl report timing.rpt`. Utilization and power are read too:

# %%
design = reports.gather(metrics, reports.read("utilization.rpt"), reports.read("power.rpt"))
print(f"LUTs: {design.utilization.lut.percent} %    junction: {design.power.junction_temperature_c} C")

# %% [markdown]
# The scenario `report-driven` makes a board of it: times are scaled to the board's clock period of 5 ns, and the share of
# logic in the worst path says how the delay follows the voltage. This build misses its timing, by 0.412 ns. Such a build
# never loads (`bad_build`), and the board goes on with its old image, which meets timing and does less.

# %%
from neurorl.envs.fpga import report_driven
from neurorl.envs.fpga.env import FpgaTelemetry

env = FpgaTelemetry("report-driven", report="timing.rpt")
report_driven.changes("timing.rpt")

# %% [markdown]
# What is it worth to mend the worst path? The parameters of a board are numbers that can be replaced: here is the same
# design with a setup slack of 0.1 ns.

# %%
missed = env.default_params
mended = missed.replace(wns_ns=0.1, bad_build=0.0)

# %% [markdown]
# ## Governors
#
# A governor reads the board's telemetry once a second and moves clock, voltage and fan. These are the ones to beat, with
# the constants that were found for them; 64 boards each, all of them on the same 64 random worlds.

# %%
import jax
import numpy as np

from neurorl.envs.fpga.governors.found import governors
from neurorl.envs.fpga.governors.governor import episode

keys = jax.random.split(jax.random.key(0), 64)
drivers = {name: governors()[name] for name in ("best constant", "demand", "canary", "memoryless", "tuned")}
returns = {}
for name, governor in drivers.items():
    drive = jax.jit(jax.vmap(lambda params, key, governor=governor: episode(params, governor, key), in_axes=(None, 0)))
    for build, params in {"missed": missed, "mended": mended}.items():
        total = drive(params, keys)
        returns[name, build] = np.asarray(total.reward)
        joule = float(total.energy_j.sum() / total.good_work.sum())
        print(f"{name:14} {build}   return {total.reward.mean():7.1f}   {joule:5.1f} J a unit of work")

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(8, 4))
for offset, build, colour in ((0.2, "mended", "tab:blue"), (-0.2, "missed", "tab:orange")):
    rows, line = [returns[name, build] for name in drivers], {"color": colour}
    places = np.arange(len(drivers)) + offset
    axes.boxplot(rows, positions=places, widths=0.3, orientation="horizontal", boxprops=line, medianprops=line)
    axes.plot([], [], color=colour, label=f"timing {build}")
axes.set(xlabel="return of an episode of 600 s", yticks=range(len(drivers)), yticklabels=list(drivers))
axes.legend(frameon=False, loc="upper left")
figure.show()

# %% [markdown]
# On the mended build the two governors that were tuned (`memoryless`, `tuned`) earn more than twice what the others do. On
# the old image they do worse than simple ones: their constants were found on boards that meet timing, and they ask for a
# clock that this image cannot have.

# %%
means = {key: float(values.mean()) for key, values in returns.items()}
assert means["tuned", "mended"] > means["best constant", "mended"] > means["best constant", "missed"]

# %% [markdown]
# ## One episode
#
# What the tuned governor sees and does in ten minutes: it raises the voltage when urgent work comes in, and gives way to
# heat.

# %%
from neurorl.envs.fpga import board
from neurorl.envs.fpga.actions import command
from neurorl.envs.fpga.types import INDEX

governor = drivers["tuned"]


def tick(carry, _):
    state, memory = carry
    memory, action = governor.act(mended, memory, state.observation, state)
    state, _ = board.step(mended, state, command(action))
    return (state, memory), state.observation


_, seen = jax.lax.scan(tick, (board.init(mended, keys[1]), governor.init()), None, length=600)
figure, axes = plt.subplots(4, figsize=(8, 6), sharex=True)
for name, panel in zip(("urgent", "clock", "voltage", "temperature"), axes, strict=True):
    panel.plot(seen[:, INDEX[name]], lw=0.8)
    panel.set_ylabel(name)
axes[-1].set_xlabel("s")
figure.align_ylabels()
figure.show()

# %% [markdown]
# A spiking agent drives the same board: `neurorl train neurorl/FpgaTelemetry-v0` takes its preset, and [The FPGA
# board](../fpga-board.md) says how well it does. [A governor of your own](../governor.md) is a function of what is seen.
