"""What the speed benchmark times does the workload's work, in JAX and in C."""

import pytest

from experiments.benchmarks.speed import c_library, w1, w1_closed, w2, w3, w4
from experiments.benchmarks.speed.__main__ import differences

WORKLOADS = {"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W1-closed": w1_closed}


@pytest.mark.skipif(not c_library.available(), reason="there is no gcc")
@pytest.mark.parametrize("module", WORKLOADS.values(), ids=WORKLOADS)
def test_all_forms_do_the_work_of_the_workload(module):
    for case in [*module.neurorl_cases(), *module.c_cases()]:
        case.steps = 100
        case.prepare()
        check = case.check()
        assert set(module.EXPECTED) <= set(check)
        assert differences(check, module.EXPECTED) == []


def test_a_value_that_is_off_or_no_number_is_named():
    expected = {"rate": (20.0, 2.0), "mean": (0.5, 0.1)}
    assert differences({"rate": 21.9, "mean": 0.5}, expected) == []
    assert differences({"rate": 22.1, "mean": float("nan")}, expected) == ["rate", "mean"]
    assert differences({"mean": 0.2, "other": 3.0}, expected) == ["mean"], "what a program does not tell is not held against it"
