"""The article's DCGAN on MNIST, its data, its faults: a tutorial that runs, and gandoctor's first user."""
