"""Types that annotations share. Shapes and dtypes are written in jaxtyping's words, and the test suite checks every call.

``Float[Array, "m n"]`` is an array of floats of m rows and n columns; within a signature a letter is one number.
"""

import numpy as np
from jaxtyping import Array, Bool, Real, Shaped

Scalar = float | Real[Array, ""]  # one number
PerNeuron = float | Real[Array, ""] | Real[Array, " n"]  # one number for a population, or one a neuron
Numbers = float | Real[Array, "..."]  # of any shape that broadcasts
Values = Numbers | Real[np.ndarray, "..."]  # likewise, of NumPy too
Spikes = Numbers | Bool[Array, "..."]  # counts, or whether there is one
Observation = Shaped[Array | np.ndarray, "..."]  # of one environment, packed (``neurorl.packing``)
