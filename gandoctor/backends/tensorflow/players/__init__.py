"""The two networks of a Keras GAN: found, owned weights listed, and described as model cards."""
