"""What is packed comes out as it went in."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurorl import agents
from neurorl.runs import config
from neurorl.state_packer import SMALL, StatePacker

STATES = {
    "large": jnp.arange(2 * (SMALL + 1), dtype=jnp.float32).reshape(2, SMALL + 1),
    "numbers": jnp.array([[1.5, np.nan, -0.0], [np.inf, 1e-45, 3.0]], jnp.float32),
    "counts": (jnp.array([-1, 2], jnp.int32), jnp.array([0, 2**32 - 1], jnp.uint32)),
    "flags": jnp.array([True, False]),
    "empty": jnp.zeros((2, 0)),
    "none": (),
}


def bits(tree):
    is_key = [jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) for leaf in jax.tree.leaves(tree)]
    leaves = zip(jax.tree.leaves(tree), is_key, strict=True)
    return [np.asarray(jax.random.key_data(leaf) if key else leaf).tobytes() for leaf, key in leaves]


def test_every_bit_is_kept():
    packer = StatePacker(STATES)
    rest, small = packed = jax.jit(packer.pack)(STATES)
    assert small.shape == (2, 5)
    assert len(rest) == 2  # the large one and the flags
    unpacked = jax.jit(packer.unpack)(packed)
    assert jax.tree.structure(unpacked) == jax.tree.structure(STATES)
    assert bits(unpacked) == bits(STATES)


def test_a_state_of_nothing():
    packer = StatePacker(())
    assert packer.unpack(packer.pack(())) == ()


def test_one_state_with_a_key_is_one_array():
    state = {"key": jax.random.key(3), "v": jnp.arange(300.0), "step": jnp.int32(7)}
    packer = StatePacker(jax.eval_shape(lambda: state), axes=0, small=300)
    rest, small = packed = jax.jit(packer.pack)(state)
    assert rest == []
    assert small.shape == (303,)
    assert bits(jax.jit(packer.unpack)(packed)) == bits(state)


def test_what_fits_has_the_same_arrays():
    packer = StatePacker(STATES)
    assert packer.fits(STATES)
    assert not packer.fits(STATES | {"flags": jnp.array([1.0, 0.0])})
    assert not packer.fits(STATES | {"none": jnp.zeros(2)})
    assert not jax.eval_shape(lambda states: jnp.zeros(int(packer.fits(states))), STATES).size  # traced arrays have no values


@pytest.mark.parametrize("name", agents.names())
def test_states_of_every_agent(name):
    agent = config.build("FrozenLake-v1" if name == "sarsa" else "CartPole-v1", name, {}, {}).agent  # its table numbers states
    states = jax.vmap(agent.init)(jax.random.split(jax.random.key(0), 3))
    packer = StatePacker(states)
    assert bits(packer.unpack(packer.pack(states))) == bits(states)
