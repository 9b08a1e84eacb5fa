"""Examples that run and draw a figure; README.md lists them."""
