"""The article's DCGAN on MNIST with its data and faults: a runnable tutorial and gandoctor's first user."""
