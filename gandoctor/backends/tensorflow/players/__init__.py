"""The two networks of a Keras GAN on TensorFlow: their calls followed, their weights copied, their values set."""
