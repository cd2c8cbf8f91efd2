"""Measures: pure functions of numpy arrays that turn images and logits into numbers. They never judge."""

from gandoctor.measures.diversity import Reference, diversity_statistics
from gandoctor.measures.embedding import RandomConvEmbedding
from gandoctor.measures.images import image_statistics
from gandoctor.measures.null import Band, null_bands
from gandoctor.measures.scores import separation

__all__ = [
    "Band",
    "RandomConvEmbedding",
    "Reference",
    "diversity_statistics",
    "image_statistics",
    "null_bands",
    "separation",
]
