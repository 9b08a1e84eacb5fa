"""Populations wired into networks, and the layers that make plasticity fast."""
