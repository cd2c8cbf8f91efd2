"""Units of the signals, as axes are labelled with them."""

from __future__ import annotations

from gandoctor.message import Message

LOSS = Message("loss")
SCORE = Message("score")
LOGIT = Message("logit")
SHARE = Message("share")
PROBABILITY = Message("probability")
POOLED_DEVIATIONS = Message("pooled standard deviations")
L2_NORM = Message("L2 norm")
RELATIVE_UPDATE = Message("relative update")
LEARNING_RATE = Message("learning rate")
UPDATES = Message("updates a step")
DATA_RANGE = Message("data range")
DATA_UNITS = Message("data units")
LATENT_UNITS = Message("latent units")
PAIRS = Message("pairs")
CLASSES = Message("classes")
REAL_DEVIATIONS = Message("standard deviations of the real data")
KID = Message("KID")
