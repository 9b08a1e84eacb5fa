"""What the speed benchmark times does the same work in JAX and in C."""

import pytest

from experiments.benchmarks.speed import c_library, w1, w1_closed, w2, w3
from experiments.benchmarks.speed.__main__ import differences

WORKLOADS = {"W1": (w1, 1e-4), "W2": (w2, 1e-3), "W3": (w3, 1e-5), "W1-closed": (w1_closed, 1e-5)}  # module, tolerance


@pytest.mark.skipif(not c_library.available(), reason="there is no gcc")
@pytest.mark.parametrize("workload", WORKLOADS)
def test_all_forms_simulate_the_same_network(workload):
    module, tolerance = WORKLOADS[workload]
    checks = []
    for case in [*module.neurorl_cases(), *module.c_cases()]:
        case.prepare()
        checks.append(case.check())
        assert differences(checks[-1], module.EXPECTED) == []
    for check in checks:
        for name in set(check) & set(checks[-1]):
            assert check[name] == pytest.approx(checks[-1][name], rel=tolerance), name


def test_a_value_that_is_off_or_no_number_is_named():
    expected = {"rate": (20.0, 2.0), "mean": (0.5, 0.1)}
    assert differences({"rate": 21.9, "mean": 0.5}, expected) == []
    assert differences({"rate": 22.1, "mean": float("nan")}, expected) == ["rate", "mean"]
    assert differences({"mean": 0.2, "other": 3.0}, expected) == ["mean"], "what a program does not tell is not held against it"
