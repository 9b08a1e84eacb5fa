r"""How late the slowest path is, and how early the fastest, against voltage, temperature, process and age.

    g(V, T) = V / (V - Vth)^alpha (T / 298 K)^m,    Vth = Vth0 + shift - kappa (T - 25 C)

is the delay of a transistor (Sakurai and Newton 1990, with the threshold's fall and the mobility's). A hotter transistor is
slower at high voltage, where mobility decides, and faster at low voltage, where the threshold does: inverse temperature
dependence, which makes vendors raise the voltage in the cold (XAPP1394). A path that follows it by the share ``sens`` has

    slack = 1000 / f - (period - WNS) process (1 + sens (g / g_corner - 1))          ns, f in MHz

The fastest path must not arrive before the hold time ends, whatever the clock:

    hold slack = hold path x process x g / g_corner - need

so a fast part that is cold or at a high voltage fails, and slowing down does not help. Errors follow the Gaussian jitter of
edges, 1e8 active edges a second:

    lambda = 1e8 busy exp(-slack^2 / 2 sigma^2),    1e8 busy at slack <= 0

For hold sigma is smaller, because both ends of the path see the same edge.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga.actions import Settings, clock_mhz
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.supply import Rails
from neurorl.envs.fpga.types import FpgaState, Part

EDGES = 1e8  # active edges a second
CRASH_RATE = 1e4  # errors a second above which the logic crashes
SILENT = 0.02  # silent errors an error
KELVIN = 273.15
OVERDRIVE_FLOOR = 0.05  # V; the power law holds for a transistor that conducts


def delay(p: FpgaParameters, voltage: Array, celsius: Array, shift: Array | float = 0.0) -> Array:
    """Return the delay g of a transistor, [], in arbitrary units, its threshold shifted by ``shift`` volts."""
    threshold = p.threshold_v + shift - p.threshold_per_k * (celsius - 25.0)
    overdrive = jnp.maximum(voltage - threshold, OVERDRIVE_FLOOR)
    kelvin = jnp.maximum(celsius + KELVIN, 1.0)
    return voltage * jnp.exp(-p.alpha * jnp.log(overdrive) + p.mobility * jnp.log(kelvin / 298.15))


def relative_delay(p: FpgaParameters, voltage: Array, celsius: Array, shift: Array | float = 0.0) -> Array:
    """Return the delay relative to that at the sign-off corner, []."""
    return delay(p, voltage, celsius, shift) / delay(p, jnp.asarray(p.corner_v), jnp.asarray(p.corner_c))


def setup_slack(p: FpgaParameters, clock_mhz: Array, relative: Array, process: Array, sens: Array) -> Array:
    """Return the setup slack of the worst path, [], ns."""
    path = (p.period_ns - p.wns_ns) * process * (1.0 + sens * (relative - 1.0))
    return 1000.0 / clock_mhz - path


def hold_slack(p: FpgaParameters, relative: Array, process: Array, need_ns: Array) -> Array:
    """Return the hold slack of the fastest path, [], ns; no clock is in it."""
    return p.hold_path_ns * process * relative - need_ns


def error_rate(slack_ns: Array, jitter_ns: Array | float, busy: Array) -> Array:
    """Return errors a second, []."""
    z = jnp.maximum(slack_ns, 0.0) / jitter_ns
    return EDGES * busy * jnp.exp(-0.5 * z * z)


def silent_probability(errors: Array) -> Array:
    """Return the probability that one of the errors of a second passed unseen, []."""
    return -jnp.expm1(-SILENT * errors)


def aging(p: FpgaParameters, stress_s: Array) -> Array:
    """Return the shift of the threshold, [], V: bias temperature instability grows as the fifth root of the stress."""
    return p.age_rate_v * jnp.exp(0.2 * jnp.log(jnp.maximum(stress_s, 1e-6) / 600.0))


def wear(voltage: Array, celsius: Array) -> Array:
    """Return unit stress a second, []: 1 at 1 V and 60 C."""
    return jnp.exp(8.0 * (voltage - 1.0) + 0.03 * (celsius - 60.0))


class Margins(NamedTuple):
    """How near the logic is to failing in a tick, and how often it does. All []."""

    slack_ns: Array  # setup slack of the worst path at the lowest voltage
    hold_slack_ns: Array  # hold slack of the fastest path at the highest voltage
    canary_ns: Array  # setup slack of the canary path, which sees the mean voltage and the clock that is set
    setup_errors: Array  # a second
    hold_errors: Array
    steady_errors: Array  # setup errors there would be without droop
    errors: Array  # setup and hold errors
    silent: Array  # probability that one of them passed unseen
    brown_out: Array  # bool
    crashed: Array  # bool, by brown-out or by too many errors; what does not run makes none


def margins(p: FpgaParameters, state: FpgaState, part: Part, s: Settings, rails: Rails, busy: Array) -> Margins:
    """Return the margins of a tick in which the logic works for the share ``busy``."""
    shift = part.threshold_v + aging(p, state.stress)
    mean, lowest, highest = relative_delay(p, jnp.stack(rails), state.junction_c, shift)
    slack = setup_slack(p, s.clock_mhz, lowest, part.process, part.sens)
    hold = hold_slack(p, highest, part.process, part.hold_need_ns)
    setup_errors = error_rate(slack, p.jitter_ns, busy)
    hold_errors = error_rate(hold, p.hold_jitter * p.jitter_ns, busy)
    errors = setup_errors + hold_errors
    brown_out = s.running & (rails.lowest < p.crash_v)
    return Margins(
        slack_ns=slack,
        hold_slack_ns=hold,
        canary_ns=setup_slack(p, clock_mhz(s.level), mean, part.process, part.sens),
        setup_errors=setup_errors,
        hold_errors=hold_errors,
        steady_errors=error_rate(setup_slack(p, s.clock_mhz, mean, part.process, part.sens), p.jitter_ns, busy),
        errors=errors,
        silent=silent_probability(errors),
        brown_out=brown_out,
        crashed=brown_out | (errors > CRASH_RATE),
    )
