"""neurorl and two simulators, same input: the same voltages, spikes and weights. The clocks: experiments/simulators."""

import numpy as np
import pytest

from experiments.simulators import agree, differences, find, installed, ours
from experiments.simulators.scenarios import SCENARIOS, dopamine_stdp

pytestmark = pytest.mark.filterwarnings("ignore:.* deprecated:DeprecationWarning")  # Brian2's parser says so a hundred times


def simulate(scenario, dtype="float64", **changes):
    return getattr(ours, scenario.experiment)(**scenario.arguments | changes, dtype=dtype)


def test_in_double_precision(simulator, scenario, theirs):
    agree(simulate(SCENARIOS[scenario]), theirs(simulator, scenario), **SCENARIOS[scenario].tolerance)


def test_in_single_precision(simulator, scenario, theirs):
    first = slice(SCENARIOS[scenario].steps32)
    a, b = simulate(SCENARIOS[scenario], "float32"), theirs(simulator, scenario)
    a, b = ({name: trace[first] for name, trace in traces.items()} for traces in (a, b))
    agree(a, b, **SCENARIOS[scenario].tolerance32)


@pytest.mark.parametrize("name", SCENARIOS)
def test_there_is_something_to_compare(name):
    traces = simulate(SCENARIOS[name])
    assert traces.get("spikes", np.ones(2)).sum() >= 2
    assert all(np.ptp(traces[trace]) > 20 * tolerance for trace, tolerance in SCENARIOS[name].tolerance.items())
    assert "spikes" not in traces or SCENARIOS[name].steps32 is None or traces["spikes"][: SCENARIOS[name].steps32].any()


def test_the_error_of_dopamine_modulated_stdp_is_of_first_order_in_dt():
    """NEST integrates between events exactly, so its result does not depend on dt; ours nears it as dt shrinks."""
    if "NEST" not in installed():
        pytest.skip("NEST is not installed")
    errors, results = [], []
    for dt in (1.0, 0.5, 0.25, 0.125):
        scenario = dopamine_stdp(dt)
        results.append(find("NEST").dopamine_stdp(**scenario.arguments))
        errors.append(differences(simulate(scenario), results[-1])["weight"])
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2.0, atol=0.1)
    for result in results[:-1]:
        agree(result, results[-1], weight=1e-12)


def test_the_simulators_agree_on_dopamine_modulated_stdp(theirs):
    agree(theirs("NEST", "dopamine-modulated STDP"), theirs("Brian2", "dopamine-modulated STDP"), weight=1e-7)


def changed(name, **fields):
    """Return the parameters of a scenario with other values."""
    return {"parameters": SCENARIOS[name].arguments["parameters"].replace(**fields)}


def a_step_late(name, argument):
    return {argument: ours.late(SCENARIOS[name].arguments[argument], 1)}


def another_baseline(name):
    return {"dopamine": SCENARIOS[name].arguments["dopamine"]._replace(baseline=0.0)}


WRONG = {
    "membrane time constant off by 5 %": ("LIF", "spikes|v", lambda n: changed(n, tau_m=21.0)),
    "current a step late": ("LIF", "spikes|v", lambda n: a_step_late(n, "current")),
    "refractory period a step short": ("LIF", "spikes|v", lambda n: changed(n, refractory=1.9)),
    "adaptation off by 5 %": ("adaptive LIF", "spikes|v|adaptation", lambda n: changed(n, b=4.2)),
    "the other scheme": ("Izhikevich chattering", "spikes|v|u", lambda n: changed(n, scheme="half_steps")),
    "arrival a step late": ("exponential synapse", "spikes|v|current", lambda n: a_step_late(n, "arriving")),
    "utilisation off by 5 %": ("short-term facilitation", "efficacy", lambda n: changed(n, u=0.0315)),
    "recovery off by 5 %": ("short-term depression", "efficacy", lambda n: changed(n, tau_rec=840.0)),
    "window off by 5 %": ("STDP", "weight", lambda n: changed(n, tau_minus=31.5)),
    "no dendritic delay": ("STDP", "weight", lambda n: {"delay": 0}),
    "hard bounds for soft ones": ("STDP with soft bounds", "weight", lambda n: {"bounds": SCENARIOS["STDP"].arguments["bounds"]}),
    "no dopamine baseline": ("dopamine-modulated STDP", "weight", another_baseline),
    "eligibility off by 5 %": ("dopamine-modulated STDP", "weight", lambda n: changed(n, tau_e=210.0)),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_is_noticed(simulator, fault, theirs):
    """The comparison that passes above must fail for a simulation that is slightly wrong, in either precision."""
    name, where, change = WRONG[fault]
    if simulator not in SCENARIOS[name].simulators:
        pytest.skip(f"{simulator} does not simulate '{name}'")
    for dtype, tolerance in (("float64", SCENARIOS[name].tolerance), ("float32", SCENARIOS[name].tolerance32)):
        with pytest.raises(AssertionError, match=f"'({where})' differs by"):
            agree(simulate(SCENARIOS[name], dtype, **change(name)), theirs(simulator, name), **tolerance)


def test_pairs_within_a_step_are_noticed(simulator, theirs):
    """The swapped update order: traces that rise before they are read pair the spikes that meet in one step."""
    scenario = SCENARIOS["STDP"]
    p, pre, post, delay = (scenario.arguments[name] for name in ("parameters", "pre", "post", "delay"))
    together = np.cumsum(pre * ours.late(post, delay))[pre > 0]
    assert together[-1] >= 5
    traces = simulate(scenario)
    agree(traces, theirs(simulator, "STDP"), weight=1e-5)
    for pair in (p.a_plus - p.a_minus, p.a_plus, -p.a_minus):  # both traces rise first, or one of them
        with pytest.raises(AssertionError, match="'weight' differs by"):
            agree({"weight": traces["weight"] + pair * together}, theirs(simulator, "STDP"), weight=1e-5)


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ({"spikes": np.zeros(3)}, "'v' is not in both"),
        ({"v": np.zeros(4), "spikes": np.zeros(4)}, "'v' has shape|'spikes' has shape"),
        ({"v": np.full(3, np.nan), "spikes": np.zeros(3)}, "'v' is not finite"),
        ({"v": np.array([0, 0, 0.2]), "spikes": np.zeros(3)}, "'v' differs by 0.2, more than 0.1, first at 2"),
        ({"v": np.zeros(3), "spikes": np.array([0, 1, 0])}, "'spikes' differs by 1, more than 0, first at 1"),
    ],
)
def test_the_comparison_says_what_is_wrong(theirs, message):
    with pytest.raises(AssertionError, match=message):
        agree({"v": np.zeros(3), "spikes": np.zeros(3)}, theirs, v=0.1)
