"""Global signals that gate plasticity."""
