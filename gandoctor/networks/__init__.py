"""Networks: what a model card alone says about a network."""
