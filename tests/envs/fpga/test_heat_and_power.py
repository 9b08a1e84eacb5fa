import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorl.envs.fpga import power, supply, thermal
from neurorl.envs.fpga.parameters import FpgaParameters

P = FpgaParameters()


@given(st.floats(0.1, 1.0), st.floats(0.0, 40.0), st.floats(-20.0, 50.0))
def test_steady_state_is_theta_ja_times_power_above_ambient(fan, watts, ambient):
    g = thermal.conductance(P, jnp.float32(fan))
    step = jax.jit(lambda t, _: (thermal.step(P, t, watts, ambient, g, dt=20.0), None))
    start = thermal.Temperatures(jnp.float32(20.0), jnp.float32(20.0))
    end, _ = jax.lax.scan(step, start, None, length=400)
    expected = ambient + float(thermal.theta_ja(P, jnp.float32(fan))) * watts
    assert float(end.junction) == pytest.approx(expected, abs=0.02)


def test_energy_is_conserved_every_tick():
    t = thermal.Temperatures(jnp.float32(90.0), jnp.float32(40.0))
    for watts in (0.0, 25.0, 7.0):
        g = thermal.conductance(P, jnp.float32(0.4))
        after = thermal.step(P, t, watts, 20.0, g)
        stored = P.junction_j_per_k * (after.junction - t.junction) + P.sink_j_per_k * (after.sink - t.sink)
        lost = (after.sink - 20.0) * g
        assert float(stored) == pytest.approx(float(watts - lost), abs=2e-2)
        t = after


def test_it_agrees_with_the_exact_solution_of_the_two_stages():
    g = float(thermal.conductance(P, jnp.float32(0.5)))
    cj, cs, r = P.junction_j_per_k, P.sink_j_per_k, P.junction_c_per_w
    matrix = np.array([[-1 / (cj * r), 1 / (cj * r)], [1 / (cs * r), -(1 / r + g) / cs]])
    force = np.array([20.0 / cj, g * 25.0 / cs])
    rest = -np.linalg.solve(matrix, force)
    values, vectors = np.linalg.eig(matrix)
    start = np.array([25.0, 25.0])
    exact = rest + (vectors * np.exp(values * 60.0)) @ np.linalg.solve(vectors, start - rest)
    errors = []
    for n in (60, 120, 240):
        t = thermal.Temperatures(jnp.float32(25.0), jnp.float32(25.0))
        for _ in range(n):
            t = thermal.step(P, t, 20.0, 25.0, g, dt=60.0 / n)
        errors.append(float(t.junction) - exact[0])
    assert abs(errors[0]) < 0.5
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.1)  # first order


def test_a_bad_fan_and_still_air_are_hotter():
    half = jnp.float32(0.5)
    assert thermal.theta_ja(P, half, 0.4) > thermal.theta_ja(P, half) > thermal.theta_ja(P, jnp.float32(1.0))
    assert thermal.theta_ja(P, jnp.float32(0.0)) == pytest.approx(P.junction_c_per_w + 1 / P.still_w_per_c)


def test_power_has_its_laws():
    v, f = jnp.float32(0.9), jnp.float32(200.0)
    load = jnp.float32(0.5)
    assert power.dynamic(P, 2 * v, f, load) == pytest.approx(4 * power.dynamic(P, v, f, load))
    assert power.dynamic(P, v, 2 * f, load) == pytest.approx(2 * power.dynamic(P, v, f, load))
    idle = power.dynamic(P, v, f, jnp.float32(0.0)) / power.dynamic(P, v, f, jnp.float32(1.0))
    assert idle == pytest.approx(P.clock_tree / (1 + P.clock_tree))
    assert power.leakage(P, jnp.float32(1.0), jnp.float32(50.0)) == pytest.approx(P.leakage_w)
    doubled = power.leakage(P, jnp.float32(1.0), jnp.float32(50.0 + np.log(2) / 0.017))
    assert doubled == pytest.approx(2 * P.leakage_w, rel=1e-4)
    assert power.fan(P, jnp.float32(0.5)) == pytest.approx(P.fan_w / 8)


def test_a_step_of_load_droops_and_its_fall_overshoots():
    ohm = jnp.float32(0.002)
    steady = supply.rails(jnp.float32(1.0), ohm, jnp.float32(20.0), jnp.float32(20.0))
    assert steady.mean == steady.lowest == steady.highest == pytest.approx(1.0 - 0.002 * 0.35 * 20)
    up = supply.rails(jnp.float32(1.0), ohm, jnp.float32(20.0), jnp.float32(5.0))
    assert up.mean - up.lowest == pytest.approx(0.03, rel=1e-3)
    down = supply.rails(jnp.float32(1.0), ohm, jnp.float32(5.0), jnp.float32(20.0))
    assert down.lowest == down.mean
    assert down.highest - down.mean == pytest.approx(0.03, rel=1e-3)
