"""Keras on PyTorch and on JAX: what can be had between the steps of `fit`, without TensorFlow."""
