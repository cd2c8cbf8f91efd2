"""The PyTorch backend: `backend.TorchBackend` records a loop of the user's own with a monitor around it."""
