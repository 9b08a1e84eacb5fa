import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium import spaces

from neurorl import codes
from neurorl.codes import GaussianMaps
from neurorl.errors import NeurorlError

CODE = GaussianMaps(
    low=(0.0, 1.0, -2.0),
    high=(9.0, 8.0, 2.0),
    logarithms=((0, 1.0), (1, 0.0)),
    maps=((0, 2), (1,), (2, 1), (2,)),
    cells=((5, 4), (6,), (3, 2), (4,)),
    constant=True,
    width=0.9,
)


def tuning(value, low, high, n):
    """Return the tuning curve of one axis, written down once more and without matrices."""
    place = np.clip((value - low) / (high - low), 0.0, 1.0)
    g = np.array([np.exp(-0.5 * ((place - i / (n - 1)) * (n - 1) / 0.9) ** 2) for i in range(n)])
    return g / g.sum()


@pytest.mark.parametrize("seen", [(0.0, 1.0, -2.0), (3.0, 2.5, 0.7), (20.0, 0.1, 5.0)])
def test_rates_are_the_products_of_tuning_curves_map_by_map(seen):
    a, b, c = np.clip(seen[0], 0, None), np.clip(seen[1], 1, None), seen[2]

    def along(entry, n):
        ends = [(np.log(1.0), np.log(10.0)), (0.0, np.log(8.0)), (-2.0, 2.0)][entry]
        return tuning([np.log(1.0 + a), np.log(b), c][entry], *ends, n)

    expected = [np.outer(along(0, 5), along(2, 4)), along(1, 6), np.outer(along(2, 3), along(1, 2)), along(2, 4), np.ones(1)]
    rates = CODE.rates(jnp.array(seen))
    np.testing.assert_allclose(rates, np.concatenate([e.ravel() for e in expected]), atol=1e-5)
    assert rates.shape == (CODE.size,)
    assert float(rates.sum()) == pytest.approx(CODE.groups, abs=1e-4)


def test_a_gain_makes_a_map_louder():
    loud = CODE.replace(gains=(1.0, 3.0, 1.0, 1.0)).rates(jnp.array([3.0, 2.5, 0.7]))
    plain = CODE.rates(jnp.array([3.0, 2.5, 0.7]))
    np.testing.assert_allclose(
        loud, plain * np.where((np.arange(CODE.size) >= 20) & (np.arange(CODE.size) < 26), 3.0, 1.0), rtol=1e-6
    )


def test_a_small_entry_is_told_apart_by_its_logarithm():
    def moved(code):
        return float(jnp.abs(code.rates(jnp.array([0.5])) - code.rates(jnp.array([0.0]))).sum())

    plain = GaussianMaps(low=(0.0,), high=(99.0,))
    assert moved(plain.replace(logarithms=((0, 1.0),))) > 10.0 * moved(plain)


def test_a_space_gets_it_by_name_and_each_entry_a_map():
    code = codes.for_space(spaces.Box(-1.0, 1.0, (3,)), kind="gaussian-maps")
    assert isinstance(code, GaussianMaps)
    assert (code.groups, code.size) == (3, 24)
    with pytest.raises(NeurorlError, match="does not encode"):
        codes.for_space(spaces.Box(-np.inf, np.inf, (3,)), kind="gaussian-maps")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"maps": ((0, 3),), "cells": ((4, 4),)}, r"'code\.maps' has \[0, 3\]"),
        ({"maps": ((0, 1, 2),), "cells": ((4, 4, 4),)}, "one or two entries"),
        ({"maps": ((0, 1),), "cells": ((4,),)}, r"'code\.cells' has \[4\]"),
        ({"maps": ((0,),), "cells": ((1,),)}, "at least 2"),
        ({"maps": ((0,),), "cells": ()}, None),
        ({"gains": (1.0, 2.0)}, r"'code\.gains' has 2"),
        ({"maps": ((0,), (1,)), "cells": ((4,),)}, "give each map its cells"),
    ],
)
def test_maps_that_cannot_be_are_explained(declared, message):
    code = GaussianMaps(low=(0.0,) * 3, high=(1.0,) * 3, **declared)
    if message is None:
        assert code.size == 8
        return
    with pytest.raises(NeurorlError, match=message):
        _ = code.size


def test_it_is_compiled_and_mapped_like_any_code():
    seen = jax.random.normal(jax.random.key(0), (7, 3))
    mapped = jax.jit(jax.vmap(CODE.rates))(seen)
    np.testing.assert_allclose(mapped[4], CODE.rates(seen[4]), atol=1e-6)
