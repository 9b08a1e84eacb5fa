"""An FPGA board whose clock, voltage and fan are to be set while its timing, its heat and its work change."""
