import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.codes import Tilings

LOW, HIGH = (-2.0, 0.0, 5.0), (2.0, 1.0, 5.5)
BOX = Tilings(low=LOW, high=HIGH, tiles=5, tilings=4)
PLANE = Tilings(low=(0.0, 0.0), high=(1.0, 1.0), tiles=6, tilings=8)
ANGLE = Tilings(low=(-1.0, -1.0, 0.0), high=(1.0, 1.0, 1.0), angles=((0, 1),), tiles=6, tilings=8)
active = jax.jit(lambda code, observation: code.active(observation)[0])


def shared(code, one, other):
    """Share of the tilings in which two observations fall into one tile."""
    return float(np.mean(np.asarray(active(code, jnp.array(one)) == active(code, jnp.array(other)))))


@given(observation=st.tuples(*[st.floats(-100.0, 100.0, width=32)] * 3), code=st.sampled_from([BOX, ANGLE]))
def test_one_neuron_of_every_tiling_fires(observation, code):
    neurons = np.asarray(active(code, jnp.array(observation)))
    per_tiling = code.size // code.groups
    np.testing.assert_array_equal(neurons // per_tiling, np.arange(code.groups))
    rates = np.asarray(code.rates(jnp.array(observation)))
    np.testing.assert_array_equal(np.flatnonzero(rates), neurons)
    assert rates.sum() == code.groups


@given(x=st.floats(0.05, 0.9), y=st.floats(0.0, 1.0), step=st.integers(1, 7))
def test_moving_an_eighth_of_a_tile_changes_one_tiling_of_eight(x, y, step):
    # Along one feature the shifts are a permutation of the eighths, whatever odd number they are multiplied with.
    near = shared(PLANE, (x, y), (x + (step + 0.5) / 8 / PLANE.tiles - 0.5 / 8 / PLANE.tiles, y))
    assert near == pytest.approx(1 - step / 8, abs=1 / 8 + 1e-6)


def test_a_tile_further_on_nothing_is_shared():
    assert shared(PLANE, (0.3, 0.3), (0.3 + 1.01 / PLANE.tiles, 0.3)) == 0.0


def test_values_outside_the_range_are_taken_at_its_edge():
    assert shared(BOX, (-9.0, 7.0, 5.2), (-2.0, 1.0, 5.2)) == 1.0


def test_an_angle_has_no_edge_and_a_line_has():
    def at(angle):
        return (np.cos(angle), np.sin(angle), 0.4)

    assert shared(ANGLE, at(0.02), at(-0.02)) > 0.7
    assert shared(PLANE, (0.001, 0.4), (0.999, 0.4)) == 0.0


def test_three_features_have_tilings_of_each_pair():
    assert (BOX.groups, BOX.size) == (3 * 4, 12 * 6**2)
