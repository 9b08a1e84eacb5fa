r"""Joint actions whose neurons share synapses, a population for each component.

    drive of a joint action = sum of the drives of its components

With components of sizes (3, 3, 3) the first 27 actions are all their combinations, the last component changing fastest, and any
further action stands alone: 9 populations learn what 27 would, because what is learned of a component holds in every
combination. The softmax of such a sum is the product of one softmax a component, so that the escape-noise rule stays a policy
gradient: each component is credited with the spikes, and the hazards, of all joint actions it is part of.
"""

import math

import numpy as np

from neurorl.errors import NeurorlError


def membership(components: tuple[int, ...], actions: int) -> np.ndarray:
    """Return which population each joint action belongs to, [actions, populations] of 0 and 1.

    Args:
        components: Sizes; () for actions that share nothing.
        actions: Number of actions.

    Raises:
        NeurorlError: More combinations than actions.
    """
    if not components:
        return np.eye(actions, dtype=np.float32)
    combinations = math.prod(components)
    if min(components) < 1 or combinations > actions:
        raise NeurorlError(f"'agent.actor.components' is {list(components)}, {combinations} combinations for {actions} actions")
    parts = np.stack(np.unravel_index(np.arange(combinations), components), axis=1)
    columns = [np.eye(size)[parts[:, i]] for i, size in enumerate(components)]
    joint = np.concatenate(columns, axis=1)
    alone = actions - combinations
    return np.block([[joint, np.zeros((combinations, alone))], [np.zeros((alone, joint.shape[1])), np.eye(alone)]]).astype("f4")
