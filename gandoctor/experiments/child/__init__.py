"""The training child: everything that runs inside the process of one training."""
