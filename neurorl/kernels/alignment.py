"""Sizes of rows that begin where vectors and cache lines do."""

ALIGNED = 16  # floats: 64 bytes, a cache line and the widest vector of today's processors


def aligned(size: int) -> int:
    """Return the smallest multiple of :data:`ALIGNED` that is at least ``size``."""
    return -(-size // ALIGNED) * ALIGNED
