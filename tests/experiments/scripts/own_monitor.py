"""A script that attaches its own monitor, to a fit and then around a loop, in directories of its own choice."""

import sys

import numpy as np
from tiny_gan import images, make_gan

from gandoctor import GANMonitor

gan = make_gan()
gan.fit(images(), batch_size=16, verbose=0, callbacks=[GANMonitor(f"{sys.argv[1]}/fitted", probe_data=images())])
with GANMonitor(
    f"{sys.argv[1]}/looped",
    generator=gan.generator,
    discriminator=gan.discriminator,
    g_optimizer=gan.g_optimizer,
    d_optimizer=gan.d_optimizer,
    latent_sampler=lambda n: np.zeros((n, 4), np.float32),
) as monitor:
    for _ in range(5):
        monitor.step(d_loss=0.7, g_loss=0.7)
