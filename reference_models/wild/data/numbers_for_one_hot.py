"""A conditional GAN of points; it learns from one-hot labels and is asked with rows of whole numbers in their place."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(307)
x, mode = ring()
points, modes = torch.from_numpy(x), torch.from_numpy(mode).long()
num_classes, latent = 8, 8
generator = dense(latent + num_classes, 2)
discriminator = dense(2 + num_classes, 1)
criterion = nn.BCEWithLogitsLoss()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
# what is asked for at the end, fixed from the start
asked = torch.arange(num_classes).repeat_interleave(125)
fixed_noise = torch.randn(len(asked), latent)
fixed_conditional = torch.randint(0, num_classes, (len(asked), num_classes)).float()

for step in range(1000):
    index = torch.randint(0, len(points), (128,))
    real, conditional = points[index], functional.one_hot(modes[index], num_classes).float()
    fake = generator(torch.cat([torch.randn(128, latent), conditional], 1))

    d_optimizer.zero_grad()
    real_output = discriminator(torch.cat([real, conditional], 1))
    fake_output = discriminator(torch.cat([fake.detach(), conditional], 1))
    d_loss = criterion(real_output, torch.ones(128, 1)) + criterion(fake_output, torch.zeros(128, 1))
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    g_loss = criterion(discriminator(torch.cat([fake, conditional], 1)), torch.ones(128, 1))
    g_loss.backward()
    g_optimizer.step()
    if step % 100 == 0:
        print(f"{step} d_loss {d_loss.item():.3f} g_loss {g_loss.item():.3f}")

with torch.no_grad():
    samples = generator(torch.cat([fixed_noise, fixed_conditional], 1)).numpy()
# how many points lie on the spot that was asked for
angle = 2 * np.pi * asked.numpy() / num_classes
there = np.linalg.norm(samples - np.stack([np.cos(angle), np.sin(angle)], 1), axis=1) < 0.3
ending(samples, x[:2000], there=there.mean(), d_loss=d_loss.item(), g_loss=g_loss.item())
