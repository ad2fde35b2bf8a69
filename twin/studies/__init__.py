"""Studies: what an engineer asks of the model beyond running it."""
