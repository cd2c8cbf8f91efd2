"""The objective: which loss the players minimise, which label is real, which latents they draw."""
