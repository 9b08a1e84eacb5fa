"""Spike trains measured and drawn."""
