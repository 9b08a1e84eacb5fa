"""The workloads of the plasticity benchmark, for neurorl, a C reference and the peers."""
