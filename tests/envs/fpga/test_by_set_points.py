"""The governors by set-points: what they ask for is what they want, and they earn what they do by moves, or more."""

import jax.numpy as jnp
import numpy as np
import pytest

from neurorl.envs.fpga.governors import by_set_points, found, masked, tuned
from neurorl.envs.fpga.set_points import of_choices
from tests.envs.fpga.test_governors import GOVERNORS, KEYS, P, returns

KNOBS = tuned.Knobs(**found.constants()["tuned"])


def test_the_nearest_set_point_is_within_half_a_choice_and_kept_within_the_ranges():
    asked = of_choices(by_set_points.nearest(0.93, 0.777, 0.44, 2))
    assert float(asked.margin_ns) == pytest.approx(0.93, abs=0.05)
    assert float(asked.volts) == pytest.approx(0.777, abs=0.005)
    assert float(asked.fan) == pytest.approx(0.44, abs=0.05)
    assert int(asked.repair) == 2
    assert by_set_points.nearest(-1.0, 1.2, 7.0, 0).tolist() == [0, 20, 9, 0]


def test_the_servo_goes_to_the_clock_that_the_governor_wants():
    observation, state = by_set_points.ENV.reset_env(KEYS[0], P)
    _, wanted = tuned.want(KNOBS, tuned.init(), observation, True)
    _, action = by_set_points.decide(KNOBS, tuned.init(), observation, True)
    clock = 1000.0 / (state.estimates.path_ns + of_choices(action).margin_ns)
    assert float(clock) == pytest.approx(float(wanted.clock_mhz), rel=0.02)


def test_by_set_points_the_tuned_governor_earns_what_it_does_by_moves():
    by_moves, world = returns(GOVERNORS["tuned"]), by_set_points.SET_POINTS
    difference = returns(by_set_points.governor(KNOBS), world) - by_moves
    assert abs(difference.mean()) < 10.0 < by_moves.mean() - returns(by_set_points.constant(0.9, 0.8, 0.5), world).mean()


def test_what_is_hidden_is_hidden_of_the_readings_and_not_of_the_path():
    told = []
    spy = by_set_points.governor(KNOBS)._replace(act=lambda p, m, observation, state: (m, told.append(observation)))
    observation = jnp.arange(19.0)
    masked.masked(spy, masked.mask_of("canary")).act(P, (), observation, None)
    changed = np.flatnonzero(np.asarray(told[0]) != np.asarray(observation))
    assert changed.tolist() == [5]
