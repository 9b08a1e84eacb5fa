"""Populations wired into networks."""
