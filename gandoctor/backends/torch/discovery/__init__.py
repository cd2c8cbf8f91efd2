"""Finding the players of a PyTorch program by what its modules are fed and what its optimizers move."""
