"""Design: what can be told from the model card, before training."""
