"""Training loops, evaluation, run folders, checkpoints, statistics and figures."""
