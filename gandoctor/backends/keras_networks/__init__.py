"""The two networks of a Keras GAN, whatever Keras runs on: found, their weights listed, described as model cards."""
