"""The TensorFlow/Keras backend: how a Keras GAN's training is observed without changing it."""
