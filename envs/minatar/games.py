"""Which of gymnax's games of MinAtar have a quicker form here: the same states, draws and observations, bit for bit."""

import importlib
from typing import Any

QUICK = {"MinFreeway": "freeway:Freeway", "MinSeaquest": "seaquest:Seaquest"}


def quick(env: Any) -> Any:
    """Return the quicker form of a game of gymnax's, where there is one, or what was given.

    Args:
        env: An environment; only what gymnax itself makes is replaced, not what inherits from it.
    """
    kind = type(env)
    if not kind.__module__.startswith("gymnax.environments.minatar.") or kind.__name__ not in QUICK:
        return env
    module, _, name = QUICK[kind.__name__].partition(":")
    made = getattr(importlib.import_module(f"{__package__}.{module}"), name)()
    vars(made).update(vars(env))  # which actions there are
    return made
