"""Ways to run the synapses of a network, each equal to the stepwise reference; ``networks/plan.py`` chooses among them."""
