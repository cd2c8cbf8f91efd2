"""The reference model in PyTorch: the same networks, settings and data, in the loop of PyTorch's DCGAN tutorial.

`gandoctor run --framework torch` trains it. Its loop differs from the article's in what PyTorch programs do otherwise:
real and generated images pass D one batch after the other, each with a `backward` of its own; G stays in training mode;
its step reuses the images that D has just seen; the optimizer of each player holds that player alone.
"""

from reference_models.torch_dcgan.training import build

__all__ = ["build"]
