"""Trained agents that come along, a file each (``experiments/zoo.py`` makes them again); ``neurorl evaluate zoo/CartPole-v1``."""
