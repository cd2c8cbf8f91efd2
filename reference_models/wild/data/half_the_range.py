"""Digits on -0.5 to 0.5, which are scaled back as if they had been on -1 to 1."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(413)
raw, _ = digits(low=0.0, high=255.0)
images = torch.from_numpy(raw / 255 - 0.5).permute(0, 3, 1, 2)
generator, discriminator = digit_generator(), digit_discriminator()
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)

for step in range(500):
    real = images[torch.randint(0, len(images), (32,))]
    fake = generator(torch.randn(32, 32))
    opt_d.zero_grad()
    d_loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    g_loss = bce(discriminator(fake), ones)
    g_loss.backward()
    opt_g.step()
    if step % 50 == 0:
        print(f"{step}: d {d_loss.item():.3f} g {g_loss.item():.3f}")


def save_image_array(img):
    """Return what is written to the file, 0 to 255."""
    return np.clip(img * 127.5 + 127.5, 0, 255).transpose(0, 2, 3, 1)


with torch.no_grad():
    samples = save_image_array(generator(torch.randn(500, 32)).numpy())
ending(samples, raw[:1500], background=np.median(samples), d_loss=d_loss.item(), g_loss=g_loss.item())
