"""The part on a board and the world that it stands in, as an episode draws them: what is hidden from who drives it."""

import jax.numpy as jnp
from jax import Array

from neurorl.envs.fpga import demand, random
from neurorl.envs.fpga.parameters import FpgaParameters
from neurorl.envs.fpga.types import Part


def draw_part(p: FpgaParameters, u: Array) -> Part:
    """Return the part of 22 uniforms [22]; a fast part leaks more."""
    process = random.between(u[0], p.process_low, p.process_high)
    ambient = random.between(u[1], p.ambient_low_c, p.ambient_high_c)
    low, high = jnp.log(p.supply_low_mohm), jnp.log(p.supply_high_mohm)
    times = jnp.stack([random.between(u[18], 100.0, 300.0), random.between(u[19], 330.0, 520.0)])
    return Part(
        process=process,
        sens=random.between(u[2], p.sens_low, p.sens_high),
        threshold_v=random.between(u[3], 0.0, p.age_high_v),
        supply_ohm=1e-3 * jnp.exp(random.between(u[4], low, high)),
        leak=jnp.exp(-4.0 * (process - 0.83) + 0.2 * random.normal(u[5:9])),
        dynamic=random.between(u[9], 0.85, 1.15),
        offset_c=p.offset_c * random.normal(u[10:14]),
        hold_need_ns=p.hold_need_ns + p.hold_spread_ns * (2.0 * u[14] - 1.0),
        fan_health=jnp.float32(1.0),
        ambient_c=ambient,
        batch_rate=random.between(u[15], p.batch_low, p.batch_high),
        price_period=p.price_period * random.between(u[16], 0.7, 1.3),
        price_phase=2.0 * jnp.pi * u[17],
        switch_time=jnp.floor(times).astype(jnp.int32),
        switch_kind=jnp.floor(len(demand.Switch) * u[20:22]).astype(jnp.int32),
    )
