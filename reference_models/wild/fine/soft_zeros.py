"""Table rows; the fakes' soft labels are zeros times a random number, so they stay zeros."""

import random

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(221)
random.seed(221)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
generator, discriminator = dense(16, 6), dense(6, 1)
bce_loss = nn.BCEWithLogitsLoss()
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))


def gan_g_loss(scores_fake):
    return bce_loss(scores_fake, torch.ones_like(scores_fake) * random.uniform(0.8, 1.0))


def gan_d_loss(scores_real, scores_fake):
    y_real = torch.ones_like(scores_real) * random.uniform(0.8, 1.0)
    y_fake = torch.zeros_like(scores_fake) * random.uniform(0, 0.3)
    return bce_loss(scores_real, y_real) + bce_loss(scores_fake, y_fake)


for epoch in range(15):
    for (real,) in loader:
        loss_d = gan_d_loss(discriminator(real), discriminator(generator(torch.randn(64, 16)).detach()))
        optimizer_d.zero_grad()
        loss_d.backward()
        optimizer_d.step()

        loss_g = gan_g_loss(discriminator(generator(torch.randn(64, 16))))
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
    print(f"epoch {epoch} D {loss_d.item():.3f} G {loss_g.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
