"""An FPGA board: reports of its build, its physics and faults, and the environment in which an agent runs it."""
