"""The training child: one training in a process of its own."""
