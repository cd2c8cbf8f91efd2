"""Series to series in pairs, batches of one, with batch normalisation; the translations are made in eval mode."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reference_models.wild.data import ending

torch.manual_seed(518)
rng = np.random.default_rng(0)
time = np.linspace(0, 1, 32, endpoint=False)[None]
wave = np.sin(2 * np.pi * (rng.choice([1.0, 2.0], (2000, 1)) * time + rng.uniform(0, 1, (2000, 1))))
recorded = (rng.uniform(0.1, 3.0, (2000, 1)) * wave + rng.uniform(-6, 6, (2000, 1))).astype("float32")
x = (0.8 * wave + rng.normal(0, 0.03, wave.shape)).astype("float32")
real_A, real_B = torch.from_numpy(recorded).unsqueeze(1), torch.from_numpy(x).unsqueeze(1)


def block(inputs, outputs):
    return nn.Sequential(nn.Conv1d(inputs, outputs, 5, padding=2), nn.BatchNorm1d(outputs), nn.LeakyReLU(0.2))


netG = nn.Sequential(block(1, 16), block(16, 16), nn.Conv1d(16, 1, 5, padding=2), nn.Tanh())
netD = nn.Sequential(nn.Conv1d(2, 16, 5, stride=2, padding=2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(256, 1))
optimizer_G = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
one, zero = torch.ones(1, 1), torch.zeros(1, 1)

for i in range(1500):
    A, B = real_A[i : i + 1], real_B[i : i + 1]
    fake_B = netG(A)
    pred_fake, pred_real = netD(torch.cat([A, fake_B.detach()], 1)), netD(torch.cat([A, B], 1))
    loss_D = 0.5 * (functional.mse_loss(pred_fake, zero) + functional.mse_loss(pred_real, one))
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()

    loss_G = functional.mse_loss(netD(torch.cat([A, fake_B], 1)), one) + 10 * functional.l1_loss(fake_B, B)
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()
    if i % 250 == 0:
        print(f"iters {i} G: {loss_G.item():.3f} D: {loss_D.item():.3f} L1: {(fake_B - B).abs().mean().item():.3f}")

netG.eval()
with torch.no_grad():
    samples = torch.cat([netG(real_A[i : i + 1]) for i in range(1500, 2000)])
# how far the translations are from what they should be
apart = (samples - real_B[1500:]).abs().mean().item()
ending(samples.numpy(), real_B.numpy(), apart=apart, d_loss=loss_D.item(), g_loss=loss_G.item())
