"""Loops over spikes and rows of synapses, arranged for what XLA makes of them on a CPU: parts of programs."""
