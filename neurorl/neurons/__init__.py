"""Point neurons: pure ``step`` functions on one population, to be mapped and scanned by the caller."""
