"""What a postsynaptic neuron sees of its presynaptic spikes."""
