"""Series of two features; time and features are reshaped where they should be swapped, which mixes the two."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, waves

torch.manual_seed(411)
one = waves()
x = np.concatenate([one, 0.4 + 0.3 * np.roll(one, 4, axis=1)], 2)
seq_len, features = 32, 2
series = torch.from_numpy(x).reshape(-1, features, seq_len)

generator = nn.Sequential(
    nn.Linear(16, 8 * 32),
    nn.LeakyReLU(0.2),
    nn.Unflatten(1, (32, 8)),
    nn.ConvTranspose1d(32, 32, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.ConvTranspose1d(32, 16, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.Conv1d(16, features, 5, padding=2),
)
discriminator = nn.Sequential(
    nn.Conv1d(features, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Conv1d(32, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(32 * 8, 1),
)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(800):
    real = series[torch.randint(0, len(series), (64,))]
    fake = generator(torch.randn(64, 16))
    d_loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = bce(discriminator(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 100 == 0:
        print(f"step {step}, d_loss: {d_loss.item():.4f}, g_loss: {g_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
