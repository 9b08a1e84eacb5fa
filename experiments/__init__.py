"""Scripts that each answer one question with a figure and a table."""
