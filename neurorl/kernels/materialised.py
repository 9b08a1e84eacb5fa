"""Values that XLA computes once."""

from typing import TypeVar

import jax
from jax.experimental.xla_metadata import set_xla_metadata

from neurorl import backend
from neurorl.kernels.one_function import MARKS

Values = TypeVar("Values")

_handed_out = jax.jit(jax.lax.optimization_barrier)


def materialised(values: Values) -> Values:
    """Return ``values`` as they are, but computed and stored before anything reads them.

    XLA on a CPU computes a producer again in every consumer, and a gather again for every element of a flattened one. What goes
    into a function that is not inlined is stored (``kernels/one_function.py``). Other devices are left alone.
    """
    if not backend.on_cpu():
        return values
    with set_xla_metadata(**MARKS):
        return _handed_out(values)
