"""Does the agent's own critic release dopamine as the midbrain does?

A cue predicts a reward 1.5 s later. The spiking actor-critic that plays CartPole, with the same constants, meets it through time
cells: populations that fire in sequence after each cue. Nothing is fitted: dopamine is what gates its plasticity, read out.

    acquisition  At first the reward releases dopamine; after learning its cue does, and the reward no longer.
    omission     A reward that fails to come leaves a dip at the moment at which it was due (Schultz, Dayan and Montague 1997).
    extinction   Without the reward the cue loses its release.
    blocking     A cue that is added to one that already predicts the reward learns little (Kamin 1969), so that alone it releases
                 far less than in controls whose first cue predicted nothing (Waelti, Dickinson and Schultz 2001).

Between reward and cue there are two ways. With the eligibility traces of the default the release jumps, as Pan et al. (2005)
saw it; without them (lambda 0) it travels back through the delay, trial by trial, as Amo et al. (2022) saw it.

    python -m experiments.dopamine [--seeds 30] [--seed 600000] [--quick]
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.figure import Figure
from scipy import stats

from experiments.provenance import provenance
from neurorl.agents.actions import Actions
from neurorl.agents.contract import Timestep, restart
from neurorl.agents.critic import Critic
from neurorl.agents.spiking_actor_critic import SpikingActorCritic
from neurorl.codes.time_cells import TimeCells
from neurorl.envs.conditioning import Conditioning, Params
from neurorl.results import figures, statistics
from neurorl.results.run_folder import write_json

RESULTS = Path(__file__).resolve().parent / "results"
REWARD = 50.0  # so that (1 - gamma) times it is half of the largest value that the critic can hold
STEP = 0.1  # s an environment step
BEFORE = 8  # environment steps recorded before the cue
AFTER = 22  # and from the cue on
WINDOW = 2  # environment steps after an event whose dopamine is its response
LATE = 5  # trials at the end of a phase that stand for what it led to
ENV = Conditioning()
PAIRED = ENV.default_params.replace(reward=REWARD)
UNPAIRED = PAIRED.replace(reward_probability=0.0)
COMPOUND = PAIRED.replace(cue_b=1.0)
TEST_B = UNPAIRED.replace(cue_a=0.0, cue_b=1.0)
DELAY = PAIRED.delay
RED, BLUE, GREY, GREEN = "#c0392b", "#2166ac", "0.45", "#1b7837"


class Phase(NamedTuple):
    """Trials of one kind."""

    trials: int
    params: Params


class Session(NamedTuple):
    """What was recorded, with a leading axis of seeds; time runs from BEFORE steps before the cue to AFTER."""

    dopamine: np.ndarray  # [seeds, trials, T]
    spikes: np.ndarray  # [seeds, trials, T, critic neurons], counts an environment step


def learner(lambda_: float | None = None) -> SpikingActorCritic:
    """Return the agent with its defaults, or with another lambda of its critic."""
    critic = Critic() if lambda_ is None else Critic(lambda_=lambda_)
    return SpikingActorCritic(
        code=TimeCells(events=2, cells=ENV.memory), critic=critic, actions=Actions(choices=(1,), high=(0.0,))
    )


@jax.jit
def steps_of(agent: SpikingActorCritic, keys: Array, starts: Array, params: Params, steps: Array) -> tuple[Array, ...]:
    """Record learners step by step: trial, clock, dopamine and critic spikes, each [seeds, steps, ...].

    Args:
        agent: The agent.
        keys: [seeds].
        starts: [phases], trial with which each phase begins.
        params: Of every phase, stacked: [phases] in every field.
        steps: [steps], 0, 1, 2, ...
    """

    def of_trial(trial: Array) -> Params:
        phase = jnp.sum(trial >= starts) - 1
        return jax.tree.map(lambda values: values[phase], params)

    def one(key: Array) -> tuple[Array, ...]:
        key_agent, key_env, key = jax.random.split(key, 3)
        observation, world = ENV.reset(key_env, of_trial(jnp.int32(0)))

        def step(carry: Any, index: Array) -> tuple[Any, tuple[Array, ...]]:
            state, world, timestep = carry
            key_learn, key_step = jax.random.split(jax.random.fold_in(key, index))
            state, action, activity = agent.record(state, timestep, key_learn)
            seen = world.trial, world.clock, activity.signals["dopamine"], activity.spikes["critic"].sum(0)
            out = ENV.step(key_step, world, action, of_trial(world.trial + 1))
            observation, world, reward, terminated, truncated, info = out
            return (state, world, Timestep(observation, reward, terminated, truncated, info["final_observation"])), seen

        return jax.lax.scan(step, (agent.init(key_agent), world, restart(observation)), steps)[1]

    return jax.vmap(one)(keys)


def session(agent: SpikingActorCritic, phases: list[Phase], seeds: range, trials: int) -> Session:
    """Run every learner through the phases and cut its recording into trials.

    Args:
        agent: The agent.
        phases: In their order.
        seeds: One learner each.
        trials: Of the longest session, so that all compile to one program.
    """
    longest = trials * (PAIRED.interval_high + ENV.memory)
    starts = jnp.cumsum(jnp.array([0, *(phase.trials for phase in phases)]))[:-1]
    params = jax.tree.map(lambda *values: jnp.stack([jnp.asarray(v) for v in values]), *(phase.params for phase in phases))
    keys = jax.vmap(jax.random.key)(jnp.arange(seeds.start, seeds.stop, dtype=jnp.uint32))
    trial, clock, *recorded = map(np.asarray, steps_of(agent, keys, starts, params, jnp.arange(longest)))
    done = sum(phase.trials for phase in phases)
    shown = (clock >= -BEFORE) & (clock < AFTER) & (trial < done)
    learner = np.broadcast_to(np.arange(len(keys))[:, None], trial.shape)
    cut = []
    for values in recorded:
        shape = (len(keys), done, BEFORE + AFTER, *values.shape[2:])
        cut.append(np.full(shape, np.nan))
        cut[-1][learner[shown], trial[shown], clock[shown] + BEFORE] = values[shown]
    return Session(*cut)


def response(dopamine: np.ndarray, at: int) -> np.ndarray:
    """Return the dopamine of the WINDOW steps from a time after the cue on, summed: [..., T] to [...]."""
    return dopamine[..., BEFORE + at : BEFORE + at + WINDOW].sum(-1)


def measure(seeds: range, paired: int, extinction: int, compound: int) -> dict[str, Any]:
    """Run all sessions; return them with the lengths of their phases."""
    longest = max(paired + extinction, paired + compound + 1)
    default = learner()
    acquire = [Phase(paired, PAIRED), Phase(extinction, UNPAIRED), Phase(0, UNPAIRED)]
    block = [Phase(paired, PAIRED), Phase(compound, COMPOUND), Phase(1, TEST_B)]
    control = [Phase(paired, UNPAIRED), Phase(compound, COMPOUND), Phase(1, TEST_B)]
    return {
        "default": session(default, acquire, seeds, longest),
        "lambda 0": session(learner(0.0), acquire, seeds, longest),
        "blocked": session(default, block, seeds, longest),
        "control": session(default, control, seeds, longest),
        "paired": paired,
    }


def claims(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each claim about the release with its numbers over seeds and the p value of its test."""
    dopamine, paired = found["default"].dopamine, found["paired"]
    first, late = dopamine[:, 0], dopamine[:, paired - LATE : paired].mean(1)
    omitted, extinct = dopamine[:, paired], dopamine[:, -LATE:].mean(1)
    travels = found["lambda 0"].dopamine[:, :paired]
    blocked, control = (response(found[name].dopamine[:, -1], 0) for name in ("blocked", "control"))
    dip = omitted.argmin(-1) - BEFORE
    return {
        "after learning the cue releases the discounted reward": {
            "cue": spread(late[:, BEFORE]),
            "theory": float((1.0 - learner().gamma) * REWARD * learner().gamma ** DELAY),
        },
        "before learning the reward releases more than the cue": paired_test(response(first, DELAY), response(first, 0)),
        "after learning the cue releases more than the reward": paired_test(response(late, 0), response(late, DELAY)),
        "the peak moves from the reward to the cue": {
            "seeds": int(((peaks(first) >= DELAY) & (peaks(late) < WINDOW)).sum()),
            "of": len(first),
            "p": share_test((peaks(first) >= DELAY) & (peaks(late) < WINDOW)),
        },
        "an omitted reward leaves a dip": paired_test(np.zeros(len(omitted)), omitted[:, BEFORE + DELAY]),
        "the dip comes when the reward was due": {
            "seeds": int((dip == DELAY).sum()),
            "of": len(dip),
            "p": share_test(dip == DELAY, 1.0 / omitted.shape[-1]),
        },
        "extinction: the cue loses its release": paired_test(response(late, 0), response(extinct, 0)),
        "blocking: the added cue releases less than in controls": {
            "blocked": spread(blocked),
            "control": spread(control),
            "p": float(stats.mannwhitneyu(blocked, control, alternative="less").pvalue),
        },
        "lambda 0: between reward and cue the release stops on the way": paired_test(
            half_way(travels), half_way(dopamine[:, :paired])
        ),
    }


def peaks(dopamine: np.ndarray) -> np.ndarray:
    """Return when dopamine peaks, environment steps from the cue: [seeds, T] to [seeds]."""
    return dopamine.argmax(-1) - BEFORE


def half_way(dopamine: np.ndarray) -> np.ndarray:
    """Return the largest release, over trials, in the middle third of the delay (mean over its steps), [seeds]."""
    return dopamine[..., BEFORE + DELAY // 3 : BEFORE + 2 * DELAY // 3].mean(-1).max(-1)


def paired_test(larger: np.ndarray, smaller: np.ndarray) -> dict[str, Any]:
    """Return both sides over seeds, and p of the Wilcoxon signed-rank test that the first is larger."""
    p = stats.wilcoxon(larger, smaller, alternative="greater").pvalue if np.any(larger != smaller) else 1.0
    return {"larger": spread(larger), "smaller": spread(smaller), "p": float(p)}


def share_test(holds: np.ndarray, chance: float = 0.5) -> float:
    """Return p of the binomial test that a claim holds in more seeds than by chance."""
    return float(stats.binomtest(int(holds.sum()), len(holds), chance, alternative="greater").pvalue)


def spread(values: np.ndarray) -> dict[str, Any]:
    """Return the middle and the ends of values over seeds."""
    return {
        "iqm": statistics.interquartile_mean(values),
        "ci95": statistics.confidence_interval(values),
        "min": float(values.min()),
        "max": float(values.max()),
    }


def band(axes: Any, x: np.ndarray, values: np.ndarray, colour: str, label: str, **style: Any) -> None:
    """Draw the interquartile mean over seeds [seeds, x] with its 95 % interval."""
    middle = np.array([statistics.interquartile_mean(column) for column in values.T], float)
    interval = np.array([statistics.confidence_interval(column) or (np.nan, np.nan) for column in values.T], float)
    axes.fill_between(x, interval[:, 0], interval[:, 1], color=colour, alpha=0.25, linewidth=0)
    axes.plot(x, middle, color=colour, linewidth=1.6, label=label, **style)


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the figure."""
    figure = Figure(figsize=(14.0, 9.4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.3, 1.0])
    maps, moments = above.subfigures(1, 2, width_ratios=[2.1, 1.0])
    middle, neurons, blocked = below.subfigures(1, 3, width_ratios=[1.05, 1.05, 1.0])
    heat_maps(maps, found)
    three_moments(moments, found)
    learning_curves(middle, found)
    critic_spikes(neurons, found)
    blocking(blocked, found)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    seeds = len(found["default"].dopamine)
    figure.suptitle(f"Dopamine of the spiking actor-critic in conditioning: {seeds} learners, the constants that play CartPole")
    figures.save(figure, path)


def title(axes: Any, text: str) -> None:
    """Name a panel, above the names of the events."""
    axes.set_title(text, loc="left", fontsize=10.5, fontweight="bold", pad=16)


def seconds(steps: int) -> np.ndarray:
    """Return the times of a trial's environment steps, s from the cue."""
    return (np.arange(steps) - BEFORE) * STEP


def mark(axes: Any, reward: str = "reward", cue: str = "cue", named: bool = False) -> None:
    """Mark the cue and the reward, and name them above the axes."""
    for time, name, colour in ((0.0, cue, BLUE), (DELAY * STEP, reward, GREEN)):
        axes.axvline(time, color=colour, linewidth=0.9, linestyle=":")
        if named:
            where = axes.get_xaxis_transform()
            axes.text(time, 1.01, name, transform=where, ha="center", va="bottom", fontsize=8, color=colour)


def heat_maps(figure: Any, found: dict[str, Any]) -> None:
    """Draw dopamine by trial and time, with eligibility traces and without."""
    panels = figure.subplots(1, 2, sharey=True)
    names = {"default": "A   With eligibility traces the release jumps", "lambda 0": "B   Without them it travels back"}
    paired = found["paired"]
    means = {name: found[name].dopamine.mean(0) for name in names}
    limit = max(float(np.abs(mean).max()) for mean in means.values())
    for axes, (name, text) in zip(panels, names.items(), strict=True):
        trials, steps = means[name].shape
        time = seconds(steps)
        extent = (time[0] - STEP / 2, time[-1] + STEP / 2, trials + 0.5, 0.5)
        image = axes.imshow(means[name], aspect="auto", extent=extent, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.axhline(paired + 0.5, color="0.2", linewidth=0.9)
        for middle, kind in ((paired / 2, "cue and reward"), ((paired + trials) / 2, "cue alone (extinction)")):
            axes.text(time[0] + 0.02, middle, kind, rotation=90, va="center", fontsize=9, color="0.25")
        mark(axes, named=True)
        title(axes, text)
        axes.set_xlabel("time from the cue (s)")
    panels[0].set_ylabel("trial")
    figure.colorbar(image, ax=panels, shrink=0.6, aspect=30, pad=0.01, label="dopamine, mean over learners")


def three_moments(figure: Any, found: dict[str, Any]) -> None:
    """Draw dopamine in the trials that Schultz, Dayan and Montague showed: every seed, and their middle."""
    dopamine, paired = found["default"].dopamine, found["paired"]
    moments = {
        "no prediction, reward occurs (trial 1)": dopamine[:, 0],
        f"reward predicted, reward occurs (trial {paired})": dopamine[:, paired - 1],
        f"reward predicted, no reward occurs (trial {paired + 1})": dopamine[:, paired],
    }
    panels = figure.subplots(3, 1, sharex=True, sharey=True)
    for axes, (name, values) in zip(panels, moments.items(), strict=True):
        time = seconds(values.shape[-1])
        axes.plot(time, values.T, color="0.7", linewidth=0.4)
        band(axes, time, values, RED, "interquartile mean")
        axes.axhline(0.0, color="0.6", linewidth=0.6)
        mark(axes, named=axes is panels[0])
        axes.text(0.02, 0.03, name, transform=axes.transAxes, fontsize=8.5)
        axes.set(ylabel="dopamine", ylim=(-0.75, 0.65))
    title(panels[0], "C   Three moments (grey: each learner)")
    panels[-1].set_xlabel("time from the cue (s)")


def learning_curves(figure: Any, found: dict[str, Any]) -> None:
    """Draw the responses to the cue and to the reward, or its omission, trial by trial."""
    axes = figure.subplots()
    dopamine, paired = found["default"].dopamine, found["paired"]
    trials = np.arange(1, dopamine.shape[1] + 1)
    band(axes, trials, response(dopamine, 0), BLUE, "at the cue")
    band(axes, trials, response(dopamine, DELAY), GREEN, "when the reward is due")
    axes.axhline(0.0, color="0.6", linewidth=0.6)
    axes.axvline(paired + 0.5, color="0.2", linewidth=0.9)
    for x, side, kind in ((paired - 0.5, "right", "cue and reward"), (paired + 1.5, "left", "cue alone")):
        axes.text(x, -0.63, kind, ha=side, fontsize=8.5, color="0.25")
    axes.set(xlabel="trial", ylabel=f"dopamine within {WINDOW * STEP:g} s", ylim=(-0.68, 0.62))
    axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0.0, 0.12))
    title(axes, "D   Acquisition, omission, extinction")


def critic_spikes(figure: Any, found: dict[str, Any]) -> None:
    """Draw what the critic's neurons do in a trial before and after learning: their rates are the value."""
    spikes, paired = found["default"].spikes, found["paired"]
    half = spikes.shape[-1] // 2
    panels = figure.subplots(2, 1, sharex=True, sharey=True)
    moments = {"trial 1": spikes[:, 0], f"trial {paired}": spikes[:, paired - 1]}
    for axes, (name, counts) in zip(panels, moments.items(), strict=True):
        time = seconds(counts.shape[1])
        band(axes, time, counts[..., :half].mean(-1), RED, "group that raises the value")
        band(axes, time, counts[..., half:].mean(-1), GREY, "group that lowers it")
        mark(axes, named=axes is panels[0])
        axes.text(0.02, 0.06, name, transform=axes.transAxes, fontsize=8.5)
        axes.set(ylabel="spikes a step", ylim=(0, 72))
    panels[0].legend(frameon=False, fontsize=8.5, loc="upper center", ncols=2)
    title(panels[0], "E   What the critic's neurons do")
    panels[1].set_xlabel("time from the cue (s)")


def blocking(figure: Any, found: dict[str, Any]) -> None:
    """Draw dopamine at the added cue alone, blocked and control."""
    traces, dots = figure.subplots(1, 2, sharey=True, width_ratios=[1.6, 1.0])
    groups = {"blocked": RED, "control": GREY}
    rng = np.random.default_rng(0)
    for index, (name, colour) in enumerate(groups.items()):
        values = found[name].dopamine[:, -1]
        band(traces, seconds(values.shape[-1]), values, colour, name)
        total = response(values, 0)
        dots.scatter(index + rng.uniform(-0.13, 0.13, len(total)), total, s=12, color=colour, alpha=0.55, linewidths=0)
        low, high = statistics.confidence_interval(total) or (np.nan, np.nan)
        middle = statistics.interquartile_mean(total) or np.nan
        dots.errorbar(index + 0.28, middle, [[middle - low], [high - middle]], color=colour, marker="o", markersize=5, capsize=3)
    for axes in (traces, dots):
        axes.axhline(0.0, color="0.6", linewidth=0.6)
    mark(traces, cue="cue B", reward="no reward", named=True)
    traces.set(xlabel="time from the cue (s)", ylabel="dopamine")
    traces.legend(frameon=False, fontsize=8.5, loc="lower left")
    title(traces, "F   Blocking: cue B, first time alone")
    dots.set(xticks=range(len(groups)), xticklabels=groups, xlim=(-0.5, 1.6), xlabel=f"first {WINDOW * STEP:g} s")


def curves(found: dict[str, Any]) -> dict[str, Any]:
    """Return the responses by trial, as in panel D."""
    dopamine = found["default"].dopamine
    return {name: [spread(column) for column in response(dopamine, at).T] for name, at in (("cue", 0), ("reward", DELAY))}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help="learners [%(default)s]")
    parser.add_argument("--seed", type=int, default=600_000, help="the first one [%(default)s]")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="6 learners and short phases, to see that it works")
    a = parser.parse_args(arguments)
    seeds = range(a.seed, a.seed + (6 if a.quick else a.seeds))
    phases = {"paired": 25, "extinction": 25, "compound": 6} if a.quick else {"paired": 50, "extinction": 50, "compound": 20}
    found = measure(seeds, **phases)
    a.out.mkdir(parents=True, exist_ok=True)
    draw(found, a.out / "dopamine.png")
    table = {
        "seeds": list(seeds),
        "trials": phases,
        "reward": REWARD,
        "claims": claims(found),
        "response_by_trial": curves(found),
        "provenance": provenance(),
    }
    write_json(a.out / "dopamine.json", table)
    for claim, numbers in table["claims"].items():
        result = f"p = {numbers['p']:.2g}" if "p" in numbers else f"{numbers['cue']['iqm']:.3f}, theory {numbers['theory']:.3f}"
        print(f"{claim}: {result}")
    return table


if __name__ == "__main__":
    main()
