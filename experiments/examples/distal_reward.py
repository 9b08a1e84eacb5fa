"""How does a synapse learn that a reward, seconds later, was its own? Izhikevich's distal reward problem, his figure 1.

1,000 neurons fire at random, about once a second. One synapse of 100,000 starts at 0; whenever its postsynaptic neuron happens to
fire within 20 ms after its presynaptic one, a reward comes 1 to 3 s later, when thousands of other pairs have fired too. STDP
leaves a tag at each synapse that outlives the delay (time constant 1 s), a reward releases dopamine (0.2 s), and dopamine turns
tags into weights: what is tagged before every reward grows, what is tagged by chance goes up and down.

The network, the rule and every constant are those of the script that the paper publishes (daspnet.m): Izhikevich (2007), Solving
the distal reward problem through linkage of STDP and dopamine signaling, Cerebral Cortex 17:2443. One millisecond of it:

    input 13 (U - 0.5), and the weights of the spikes of the last ms; v by two half steps, u by one
    LTP  tag += 0.1 x,   at a postsynaptic spike,  x the presynaptic trace a ms ago (conduction delay)
    LTD  tag -= 0.15 y,  at a presynaptic spike,   y the postsynaptic trace now; a spike sets a trace to 1, then 0.95 a ms
    dopamine *= 0.995;   every 10 ms: w <- clip(w + (0.002 + dopamine) tag, 0, 4 mV), tag *= 0.99
    a reward that is due: dopamine += 0.5

Three things are ours: a neuron has 100 *different* targets and not itself as a rewarded one (the script draws with replacement),
the rewarded synapse is drawn among the 100 of its neuron, and the noise has 65,536 levels.

By its header the script reproduces the paper's figure 1. It draws what our upper panels show: the weight of the synapse over an
hour with its rewards, and the distribution of all weights with the synapse marked. In the paper the synapse grows to the maximum
of 4 mV within the hour; the dashed lines in our figure are that maximum.

Ours reaches 95 % of that maximum on 10 of 10 seeds, after 8 to 37 minutes (median 18). It does not always stay there: it spends
67 to 100 % of the time since within 5 % of the maximum, and 8 of 10 seeds are there when the hour ends. Nor is it alone: so are
0.6 to 1.8 % of the 79,999 other excitatory synapses by then (0.06 to 0.3 % when it arrives), while their mean falls from 1 mV to
0.5 to 0.7 mV.

    python -m experiments.examples.distal_reward [--seeds 10] [--seconds 3600] [--seed 0] [--workers 1] [--out runs/distal_reward]
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from tqdm import tqdm

from experiments.examples.drawing import RESULTS, panels, save
from experiments.provenance import provenance
from neurorl.files import write_atomically
from neurorl.kernels import event_rows
from neurorl.kernels.event_rows import Rows
from neurorl.neurons import izhikevich
from neurorl.neurons.izhikevich import PRESETS, Izhikevich, IzhikevichState
from neurorl.plasticity import bounds, stdp
from neurorl.plasticity.bounds import WeightBounds
from neurorl.plasticity.stdp import STDP, STDPState
from neurorl.results.run_folder import write_json
from neurorl.synapses import connectivity

W_MAX = 4.0  # mV
REACHED = 0.95 * W_MAX
BLOCK = 10  # ms between two changes of the weights
LONGEST = 3000  # ms from a coincidence to its reward
WINDOW = 20  # ms
REWARD = 0.5  # dopamine
TAU = -1.0 / np.log(0.95)  # ms
STDP = STDP(a_plus=0.1, a_minus=0.15, tau_plus=TAU, tau_minus=TAU, pairing="nearest")
BOUNDS = WeightBounds(0.0, W_MAX)
SECONDLY = slice(1000 // BLOCK - 1, None, 1000 // BLOCK)  # the last block of every second
SHOWN = 8  # other synapses whose weights are kept over time


class Network(NamedTuple):
    """What does not change: n neurons, the first n_e of them excitatory."""

    neurons: Izhikevich  # fields [n]
    excitatory: Rows  # of n_e onto n
    inhibitory: Rows  # of n_i onto n_e
    synapse: Array  # [], which synapse of neuron 0 is rewarded
    shown: Array  # [SHOWN], numbers of other excitatory synapses


class State(NamedTuple):
    """What does."""

    neurons: IzhikevichState  # [n]
    spikes: Array  # [n], of the last ms
    trace: Array  # [n], from 0 to 1
    weights: Array  # [n_e, k], mV
    tags: Array  # [n_e, k]
    dopamine: Array  # []
    due: Array  # [LONGEST], 1.0 at the ms (modulo LONGEST) of a reward to come
    last: Array  # [], int32, ms of the last spike of neuron 0
    time: Array  # [], int32, ms


class Block(NamedTuple):
    """What a block leaves to be shown."""

    weight: Array  # [], of the rewarded synapse, mV
    tag: Array  # []
    dopamine: Array  # []
    coincidences: Array  # [], within the block
    rewards: Array  # []
    spikes: Array  # []


def network(seed: int, n_excitatory: int = 800, n_inhibitory: int = 200, degree: int = 100) -> Network:
    """Return regular spiking and fast spiking neurons with ``degree`` synapses each, of the latter onto the former only."""
    rng = np.random.default_rng(seed)
    n = n_excitatory + n_inhibitory
    seeds = rng.integers(2**31, size=2)
    excitatory = connectivity.fixed_out_degree(n_excitatory, n, degree, int(seeds[0]))
    inhibitory = connectivity.fixed_out_degree(n_inhibitory, n_excitatory, degree, int(seeds[1]))
    kinds = np.repeat([0, 1], [n_excitatory, n_inhibitory])
    both = (PRESETS["regular_spiking"], PRESETS["fast_spiking"])
    values: dict[str, Any] = {
        name: jnp.asarray([getattr(p, name) for p in both])[kinds] for name in ("a", "b", "c", "d", "v_peak")
    }
    others = rng.choice(np.arange(degree, n_excitatory * degree), SHOWN, replace=False)
    return Network(
        Izhikevich(**values),
        event_rows.rows(excitatory),
        event_rows.rows(inhibitory),
        jnp.asarray(rng.choice(np.flatnonzero(excitatory.post[:degree] != 0)), jnp.int32),
        jnp.asarray(others, jnp.int32),
    )


def init(net: Network) -> State:
    """Return the network at the start: all excitatory weights 1 mV, the rewarded one 0."""
    n, targets = net.excitatory.incoming.shape[0], net.excitatory.targets
    v = jnp.full(n, -65.0, float)
    weights = jnp.ones(targets.shape).at[0, net.synapse].set(0.0)
    zeros, time = jnp.zeros(n), jnp.zeros((), jnp.int32)
    return State(
        neurons=IzhikevichState(v, 0.2 * v),
        spikes=zeros,
        trace=zeros,
        weights=weights,
        tags=jnp.zeros_like(weights),
        dopamine=jnp.zeros(()),
        due=jnp.zeros(LONGEST),
        last=time - 100,
        time=time,
    )


def block(net: Network, state: State, noise: Array, delays: Array) -> tuple[State, Block]:
    """Advance the network by BLOCK ms, at the end of which the weights change.

    Args:
        net: The network.
        state: Its state.
        noise: [BLOCK, n], random input, mV/ms.
        delays: [BLOCK], int32, ms from BLOCK to LONGEST: when the reward comes, should there be a coincidence.
    """
    n_e = len(state.weights)
    pair = jnp.stack([jnp.zeros((), jnp.int32), net.excitatory.targets[0, net.synapse]])

    def millisecond(carry: Any, inputs: tuple[Array, Array]) -> tuple[Any, tuple[Array, Array]]:
        neurons, spikes, trace, events = carry
        noise, step = inputs
        decayed = stdp.decay(STDP, STDPState(trace, trace), 1.0)
        trace = stdp.add(STDP, decayed, spikes, spikes).pre

        def deliver(neuron: Array, carry: Any) -> Any:
            current, events = carry
            is_e = neuron < n_e
            e, i = jnp.minimum(neuron, n_e - 1), jnp.maximum(neuron - n_e, 0)
            targets = jnp.where(is_e, net.excitatory.targets[e], net.inhibitory.targets[i])
            current = current.at[targets].add(jnp.where(is_e, state.weights[e], -1.0))
            return current, event_rows.append(events, neuron, step)

        current, events = event_rows.each_spike(spikes, deliver, (noise, events))
        neurons, next_spikes = izhikevich.step(net.neurons, neurons, current)
        return (neurons, next_spikes, trace, events), (trace, spikes[pair])

    ms = jnp.arange(BLOCK, dtype=jnp.int32)
    carry = (state.neurons, state.spikes, state.trace, event_rows.no_events(len(state.trace), BLOCK))
    (neurons, spikes, trace, events), (traces, fired) = jax.lax.scan(millisecond, carry, (noise, ms))
    earlier = jnp.concatenate([state.trace[None], traces[:-1]])
    tags = event_rows.mark(STDP, net.excitatory, state.tags, events, earlier, traces)

    now = state.time + 1 + ms
    last, coincidences = coincide(state.last, fired, now)
    slot = state.time % LONGEST
    rewards = jax.lax.dynamic_slice(state.due, (slot,), (BLOCK,))
    due = jax.lax.dynamic_update_slice(state.due, jnp.zeros(BLOCK), (slot,))
    due = due.at[jnp.where(coincidences > 0, (now + delays - 1) % LONGEST, LONGEST)].set(1.0, mode="drop")
    at_change, dopamine = release(state.dopamine, rewards)

    weights = bounds.apply(BOUNDS, state.weights, (0.002 + at_change) * tags)
    tags = 0.99 * tags
    seen = Block(weights[0, net.synapse], tags[0, net.synapse], dopamine, coincidences.sum(), rewards.sum(), events.total)
    return State(neurons, spikes, trace, weights, tags, dopamine, due, last, now[-1]), seen


def coincide(last: Array, fired: Array, now: Array) -> tuple[Array, Array]:
    """Return when the presynaptic neuron fired last, and at which of the ms ``now`` [BLOCK] the postsynaptic one follows it.

    Args:
        last: [], ms.
        fired: [BLOCK, 2], spikes of the two neurons.
        now: [BLOCK], ms.
    """
    found = []
    for t, (pre, post) in zip(now, fired, strict=True):
        last = jnp.where(pre > 0, t, last)
        found.append(post * ((t > last) & (t - last < WINDOW)))
    return last, jnp.stack(found)


def release(dopamine: Array, rewards: Array) -> tuple[Array, Array]:
    """Return the dopamine at the end of a block, without and with the reward of its last ms; ``rewards`` is [BLOCK]."""
    at_change = dopamine
    for reward in rewards:
        at_change = 0.995 * dopamine
        dopamine = at_change + REWARD * reward
    return at_change, dopamine


def draws(key: Array, n: int) -> tuple[Array, Array]:
    """Return the ``noise`` and the ``delays`` of a block of n neurons; two inputs from every 32 random bits."""
    for_noise, for_delays = jax.random.split(key)
    halves = jax.lax.bitcast_convert_type(jax.random.bits(for_noise, (BLOCK, (n + 1) // 2)), jnp.uint16)
    uniform = (halves.reshape(BLOCK, -1)[:, :n].astype(jnp.float32) + 0.5) / 2**16
    return 13.0 * (uniform - 0.5), jax.random.randint(for_delays, (BLOCK,), 1001, LONGEST + 1)


@jax.jit
def second(net: Network, state: State, key: Array) -> tuple[State, Block, dict[str, Array]]:
    """Advance the network by a second; return its state, what its blocks show ([100] each), and the weights at its end."""
    state, blocks = jax.lax.scan(
        lambda state, key: block(net, state, *draws(key, len(state.trace))), state, jax.random.split(key, 1000 // BLOCK)
    )
    weights = state.weights.reshape(-1)
    others = weights.at[net.synapse].set(0.0)
    ends = {
        "shown": weights[net.shown],
        "others_mean": others.sum() / (len(others) - 1),
        "others_reached": (others >= REACHED).sum(),
        "others_above": (others > weights[net.synapse]).sum(),
    }
    return state, blocks, ends


def simulate(seed: int, seconds: int, position: int = 0) -> dict[str, np.ndarray]:
    """Run the network of a seed; return the fields of Block [100 seconds], other weights by second, and all at the end."""
    net = network(seed)
    state, key = init(net), jax.random.key(seed)
    rows = []
    for t in tqdm(range(seconds), desc=f"seed {seed}", unit="s", position=position, leave=position == 0, mininterval=1.0):
        state, blocks, ends = second(net, state, jax.random.fold_in(key, t))
        rows.append(jax.device_get((blocks, ends)))
    result = {name: np.concatenate([getattr(blocks, name) for blocks, _ in rows]) for name in Block._fields}
    result |= {name: np.stack([ends[name] for _, ends in rows]) for name in rows[0][1]}
    end = {"weights": state.weights, "synapse": net.synapse, "target": net.excitatory.targets[0, net.synapse]}
    return result | {name: np.asarray(value) for name, value in end.items()}


def finished(seed: int, seconds: int, out: Path, position: int = 0) -> dict[str, np.ndarray]:
    """Return the result of a seed, from its file where there is one."""
    path = out / f"seed-{seed}__{seconds}s.npz"
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        result: dict[str, Any] = simulate(seed, seconds, position)
        write_atomically(path, lambda temporary: np.savez_compressed(temporary, **result))
    with np.load(path) as file:
        return dict(file)


def summary(result: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what the run of a seed came to."""
    reached = np.flatnonzero(result["weight"] >= REACHED)
    seconds = len(result["others_mean"])
    when = None if not len(reached) else int(reached[0] + 1) * BLOCK / 1000
    at = seconds - 1 if when is None else min(int(when), seconds - 1)
    return {
        "postsynaptic": "excitatory" if result["target"] < len(result["weights"]) else "inhibitory",
        "seconds_to_95_percent": when,
        "share_of_time_there_since": None
        if when is None
        else round(float((result["weight"][reached[0] :] >= REACHED).mean()), 3),
        "final_weight_mV": round(float(result["weight"][-1]), 3),
        "rank_at_the_end": 1 + int(result["others_above"][-1]),
        "others_at_95_percent_when_reached": None if when is None else int(result["others_reached"][at]),
        "others_at_95_percent_at_the_end": int(result["others_reached"][-1]),
        "others": result["weights"].size - 1,
        "others_mean_mV": round(float(result["others_mean"][-1]), 3),
        "coincidences": int(result["coincidences"].sum()),
        "rewards": int(result["rewards"].sum()),
        "rate_Hz": round(float(result["spikes"].sum()) / seconds / 1000, 3),
    }


def one_reward(result: dict[str, np.ndarray], before: int, after: int) -> int:
    """Return the block of the coincidence after which the weight grows most, of those alone with their reward.

    Args:
        result: The run of a seed.
        before, after: How many blocks are around.
    """
    found = np.flatnonzero(result["coincidences"])
    found = found[(found >= before) & (found < len(result["tag"]) - after)]
    alone = [k for k in found if all(result[name][k - before : k + after].sum() == 1 for name in ("coincidences", "rewards"))]
    return int(max(alone or [before], key=lambda k: result["weight"][k + after - 1] - result["weight"][k]))


def draw(results: dict[int, dict[str, np.ndarray]]) -> None:
    """Draw the first seed as the paper's figure does, and what all seeds have in common."""
    figure, axes = panels(2, 2, size=(12.5, 8.5))
    first = next(iter(results.values()))
    draw_growth(axes[0, 0], results)
    draw_weights(axes[0, 1], first)
    draw_reward(axes[1, 0], first)
    draw_share(axes[1, 1], list(results.values()))
    save(figure, "distal_reward")


def minutes(result: dict[str, np.ndarray]) -> np.ndarray:
    """Return the time at the end of every second."""
    return np.arange(1, len(result["others_mean"]) + 1) / 60.0


def draw_growth(axes: Any, results: dict[int, dict[str, np.ndarray]]) -> None:
    """Draw weights against time: of the first seed, and the rewarded one of the others."""
    seed, first = next(iter(results.items()))
    time, others = minutes(first), first["weights"].size - 1
    for name, result in results.items():
        if name != seed:
            axes.plot(time, result["weight"][SECONDLY], color="C0", alpha=0.25, linewidth=0.7)
    axes.plot(time, first["shown"], color="0.6", linewidth=0.6)
    axes.plot([], [], color="0.6", linewidth=0.6, label=f"{SHOWN} of the other synapses")
    axes.plot(time, first["others_mean"], color="0.2", linewidth=1.4, label=f"mean of the {others:,} others")
    axes.plot(time, first["weight"][SECONDLY], color="C0", linewidth=2.0, label="rewarded synapse (pale: other seeds)")
    rewards = np.flatnonzero(first["rewards"]) * BLOCK / 60_000
    axes.plot(rewards, np.full(len(rewards), -0.12), "x", color="C3", markersize=4, label=f"{len(rewards)} rewards")
    axes.axhline(W_MAX, color="0.3", linestyle="--", linewidth=0.8)
    axes.set(xlabel="time (min)", ylabel="weight (mV)", title=f"One synapse is rewarded, seconds late (seed {seed})")
    axes.set_ylim(-0.3, 5.4)
    axes.legend(frameon=False, fontsize=8, loc="upper center", ncols=2)


def draw_weights(axes: Any, result: dict[str, np.ndarray]) -> None:
    """Draw the distribution of weights at the end."""
    share, weight = 100.0 * result["others_reached"][-1] / (result["weights"].size - 1), result["weight"][-1]
    axes.hist(result["weights"].ravel(), bins=np.linspace(0, W_MAX, 101), color="0.6", log=True)
    axes.plot(weight, 1.0, "o", color="C3", label=f"rewarded synapse, {weight:.2f} mV", clip_on=False)
    axes.axvline(W_MAX, color="0.3", linestyle="--", linewidth=0.8)
    axes.set(xlabel="weight (mV)", ylabel="excitatory synapses")
    axes.set_title(f"After {minutes(result)[-1]:.0f} min: {share:.1f} % of the others within 5 % of the maximum")
    axes.legend(frameon=False, fontsize=8, loc="upper center")


def draw_reward(axes: Any, result: dict[str, np.ndarray], before: int = 100, after: int = 400) -> None:
    """Draw a coincidence, the tag it leaves, and the dopamine that finds it."""
    middle = one_reward(result, before, after)
    window = slice(middle - before, middle + after)
    seconds = np.arange(-before, after) * BLOCK / 1000
    weights = result["weight"][window]
    axes.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    lines = axes.plot(seconds, result["tag"][window], color="C2", label="tag of the synapse")
    released = axes.twinx()
    lines += released.plot(seconds, result["dopamine"][window], color="C3", label="dopamine")
    released.set_ylabel("dopamine", color="C3")
    axes.set_ylabel("tag (mV)", color="C2")
    axes.set_xlabel("time from the coincidence (s)")
    axes.set_title(f"A tag outlives the delay: weight {weights[before - 1]:.2f} to {weights[-1]:.2f} mV")
    axes.legend(handles=lines, frameon=False, fontsize=8)


def draw_share(axes: Any, results: list[dict[str, np.ndarray]]) -> None:
    """Draw how many synapses are at the maximum, the rewarded ones of all seeds and the others."""
    time, others = minutes(results[0]), results[0]["weights"].size - 1
    there = np.stack([result["weight"][SECONDLY] for result in results]) >= REACHED
    rest = 100.0 * np.stack([result["others_reached"] for result in results]) / others
    ever = 100.0 * np.maximum.accumulate(there, 1).mean(0)
    axes.step(time, ever, color="C0", linewidth=2.0, label=f"rewarded synapse, {len(results)} seeds: has been there")
    axes.plot(time, 100.0 * there.mean(0), color="C0", alpha=0.4, linewidth=0.8, label="rewarded synapse: is there")
    axes.fill_between(time, rest.min(0), rest.max(0), color="0.6", label="the others, range over seeds: are there")
    axes.set(xlabel="time (min)", ylabel="synapses (%)", ylim=(-3, 103), title="Within 5 % of the maximum")
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 0.12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="networks [%(default)s]")
    parser.add_argument("--seconds", type=int, default=3600, help="simulated time of each [%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="the first one [%(default)s]")
    parser.add_argument("--workers", type=int, default=1, help="processes [%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("runs/distal_reward"), help="folder of finished seeds [%(default)s]")
    a = parser.parse_args()
    if min(a.seeds, a.workers) < 1 or a.seconds < 6:
        parser.error("--seeds and --workers must be at least 1, and --seconds at least 6")

    seeds = range(a.seed, a.seed + a.seeds)
    if a.workers == 1:
        found = [finished(seed, a.seconds, a.out) for seed in seeds]
    else:
        with ProcessPoolExecutor(a.workers, multiprocessing.get_context("spawn")) as pool:
            jobs = [pool.submit(finished, seed, a.seconds, a.out, k % a.workers) for k, seed in enumerate(seeds)]
            found = [job.result() for job in jobs]
    results = dict(zip(seeds, found, strict=True))
    each = {seed: summary(result) for seed, result in results.items()}
    times = [s["seconds_to_95_percent"] for s in each.values() if s["seconds_to_95_percent"] is not None]
    draw(results)
    table = {
        "seconds": a.seconds,
        "w_max_mV": W_MAX,
        "seeds_that_reach_95_percent": f"{len(times)} of {len(each)}",
        "seeds_at_95_percent_at_the_end": f"{sum(s['final_weight_mV'] >= REACHED for s in each.values())} of {len(each)}",
        "median_seconds_to_95_percent": float(np.median(times)) if times else None,
        "seeds": each,
        "provenance": provenance(),
    }
    write_json(RESULTS / "distal_reward.json", table)
    for seed, values in each.items():
        print(f"seed {seed}: " + ", ".join(f"{name} {value}" for name, value in values.items()))
    print(
        f"{len(times)} of {len(each)} seeds reach 95 % of the maximum, at a median of {table['median_seconds_to_95_percent']} s"
    )


if __name__ == "__main__":
    main()
