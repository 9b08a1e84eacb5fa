"""State and parameters of the conditioning environment."""

import jax
from flax import struct
from gymnax.environments import environment


@struct.dataclass
class State(environment.EnvState):
    """A session within a trial."""

    clock: jax.Array  # [], environment steps since the onset of the cues; negative in the interval before it
    present: jax.Array  # [2], bool: which cues this trial has
    rewarded: jax.Array  # [], bool: whether this trial ends in the reward
    trial: jax.Array  # [], trials before this one
    time: jax.Array  # [], environment steps since the session began


@struct.dataclass
class Params(environment.EnvParams):
    """What a session is made of. A step stands for 100 ms; any of these may change in mid-session."""

    cue_a: float = 1.0  # probability that a trial has cue A
    cue_b: float = 0.0  # probability that a trial has cue B
    reward_probability: float = 1.0  # of a trial
    reward: float = 1.0  # size of the reward
    delay: int = 15  # environment steps from the cues' onset to the reward; below the cues' memory
    interval_low: int = 40  # shortest interval from the end of a trial to the next cues, environment steps
    interval_high: int = 80  # and the longest
    max_steps_in_episode: int = 1_000_000  # a session does not end by itself
