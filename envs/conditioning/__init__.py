"""Classical conditioning, for the agents' critics: ``neurorl.envs.conditioning:Conditioning-v0``."""

import gymnax

from neurorl.envs.conditioning.env import Conditioning
from neurorl.envs.conditioning.types import Params, State

__all__ = ["Conditioning", "Params", "State"]

if "Conditioning-v0" not in gymnax.registered_envs:
    gymnax.register("Conditioning-v0", Conditioning)
