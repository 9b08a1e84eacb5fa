"""Governors to beat, from a constant setting to one that looks ahead."""
