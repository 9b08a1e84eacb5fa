"""Returns as text: with the decimals that their size needs."""

import math


def decimals(*values: float | None) -> int:
    """Return how many decimals show three digits of the largest value: 1 from 10 on, 2 from 1 on, 4 at most."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(sizes, default=0.0)
    return 1 if largest == 0.0 else min(max(2 - math.floor(math.log10(largest)), 1), 4)


def number(value: float) -> str:
    """Return a return."""
    return f"{value:.{decimals(value)}f}"


def with_interval(middle: float | None, low: float | None, high: float | None, digits: int | None = None) -> str:
    """Return ``middle [low, high]``, or as much of it as there is; ``digits`` decimals, or those that the values need."""
    middle, low, high = (None if value is None or math.isnan(value) else value for value in (middle, low, high))
    if middle is None:
        return "none"
    digits = decimals(middle, low, high) if digits is None else digits
    interval = "" if low is None or high is None else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{middle:.{digits}f}{interval}"
