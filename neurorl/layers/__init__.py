"""Layers of dopamine-gated STDP arranged to be fast, each beside the stepwise rule that it equals."""
