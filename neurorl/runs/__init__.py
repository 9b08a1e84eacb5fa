"""Runs: options and configuration, training with checkpoints, and a run as Python sees it."""
