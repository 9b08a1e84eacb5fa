from typing import NamedTuple

import numpy as np
import pytest

from experiments import fpga_gates
from experiments.fpga_tuning import Search, tune
from neurorl.envs.fpga.types import GROUPS


class Point(NamedTuple):
    x: float = 3.0
    y: float = -2.0
    still: float = 5.0


def test_the_search_finds_the_maximum_of_a_noisy_hill_far_outside_its_first_steps():
    rng = np.random.default_rng(0)

    def returns(point, keys):
        height = -((np.asarray(point.x) - 40.0) ** 2) - 10.0 * (np.asarray(point.y) - np.asarray(point.x) / 10.0) ** 2
        return height[:, None] + 0.1 * rng.standard_normal((len(height), len(keys)))

    found = tune(returns, Point(), Point(1.0, 1.0, 0.0), search=Search(60, 16, 8, 8))
    assert found.x == pytest.approx(40.0, abs=0.5)
    assert found.y == pytest.approx(4.0, abs=0.5)
    assert found.still == 5.0


def test_the_search_repeats_itself():
    def returns(point, keys):
        return np.repeat(-np.abs(np.asarray(point.x) - 1.0)[:, None], len(keys), 1)

    runs = [tune(returns, Point(), Point(1.0, 1.0, 0.0), search=Search(5, 8, 4, 4)) for _ in range(2)]
    assert runs[0] == runs[1]


def measured(**means):
    rng = np.random.default_rng(1)
    luck = rng.normal(0.0, 20.0, 256)
    defaults = {"oracle": 130.0, "tuned": 100.0, "memoryless": 90.0, "best constant": 60.0, "nominal": -30.0}
    defaults |= {f"tuned without {group}": 90.0 for group in GROUPS}
    return {name: mean + luck + rng.normal(0.0, 3.0, 256) for name, mean in (defaults | means).items()}


def constants():
    return np.random.default_rng(2).normal(80.0, 10.0, (50, 256)) - 20.0


def test_good_returns_pass_every_gate():
    gates = fpga_gates.judge(measured(), constants())
    assert len(gates) == 4 + len(GROUPS)
    assert all(gate["holds"] for gate in gates.values())


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"oracle": 85.0}, "1 "),
        ({"tuned": 62.0}, "2 "),
        ({"oracle": 105.0}, "2 "),
        ({"memoryless": 99.0}, "3 "),
        ({"tuned without queue": 98.0}, "4 without queue"),
        ({"tuned without price": 101.0}, "4 without price"),
    ],
)
def test_a_gate_fails_where_its_returns_do(change, gate):
    gates = fpga_gates.judge(measured(**change), constants())
    assert not next(value for name, value in gates.items() if name.startswith(gate))["holds"]


def test_one_constant_that_is_best_everywhere_fails_the_fifth_gate():
    one = constants()
    one[7, :60] += 200.0
    gates = fpga_gates.judge(measured(), one)
    assert not gates["5 most frequent best constant <= 0.20"]["holds"]


def test_standard_errors_are_of_the_pairs():
    rng = np.random.default_rng(3)
    luck = rng.normal(100.0, 20.0, 400)
    above, below = 1.5 * luck, luck
    value, se = fpga_gates.ratio(above, below)
    assert value == pytest.approx(1.5)
    assert se < 1e-6
    difference, se = fpga_gates.difference(luck + 3.0, luck)
    assert difference == pytest.approx(3.0)
    assert se < 1e-6
