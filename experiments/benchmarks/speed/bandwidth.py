"""What one pass over the synapses costs the memory alone."""

import time

import numpy as np


def passes_per_second(megabytes: float = 8.0, repeats: int = 50) -> float:
    """Return how often a second an array of this size can be read and written back, in processor time.

    W2's weights and eligibility are 8 MB: this is the limit of an implementation that touches every synapse in every step.
    """
    array = np.zeros(int(megabytes * 1e6 / 4), np.float32)
    np.add(array, 1, out=array)
    start = time.process_time()
    for _ in range(repeats):
        np.add(array, 1, out=array)
    return repeats / (time.process_time() - start)


def copy_gigabytes_per_second(megabytes: float = 256.0, repeats: int = 3) -> float:
    """Return the speed of copying between buffers bigger than any cache, bytes read and written, in processor time."""
    source = np.ones(int(megabytes * 1e6 / 4), np.float32)
    target = source.copy()
    start = time.process_time()
    for _ in range(repeats):
        np.copyto(target, source)
    return 2 * source.nbytes * repeats / (time.process_time() - start) / 1e9
