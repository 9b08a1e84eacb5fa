"""Vivado reports as numbers: timing, utilization, power and methodology, from 7-series to Versal. Standard library only."""

from neurorl.envs.fpga.reports.metrics import FpgaMetrics, as_dict, gather, parse, read
from neurorl.envs.fpga.reports.text import ReportError

__all__ = ["FpgaMetrics", "ReportError", "as_dict", "gather", "parse", "read"]
