"""A bandit whose better arm may change: ``neurorl.envs.reversal_bandit:ReversalBandit-v0``."""

import gymnax

from neurorl.envs.reversal_bandit.env import Params, ReversalBandit, State

__all__ = ["Params", "ReversalBandit", "State"]

if "ReversalBandit-v0" not in gymnax.registered_envs:
    gymnax.register("ReversalBandit-v0", ReversalBandit)
