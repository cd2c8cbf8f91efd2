"""Networks: what can be told from a model card alone."""
