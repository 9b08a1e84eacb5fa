"""Results: what lies in a run's folder, read, measured, compared and drawn without its environment or its agent."""
