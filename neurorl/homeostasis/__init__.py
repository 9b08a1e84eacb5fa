"""Slow processes that keep a plastic network in its working range."""
