"""Loops: an agent and an environment in step, for training, evaluation and recording, with all that a learner carries."""
