"""Examples that run and draw a figure; docs/examples.md lists them."""
