"""Hyperparameters of a task that differ from the defaults: one small TOML file each."""
