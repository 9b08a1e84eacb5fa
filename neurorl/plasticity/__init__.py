"""Local learning rules: what a synapse remembers of its two neurons, and how a third factor turns it into a change."""
