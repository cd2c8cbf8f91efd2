"""Series; the losses are scaled for mixed precision, and the discriminator's optimiser steps without the scaler."""

import torch
from torch import nn
from torch.amp import GradScaler

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import dense

torch.manual_seed(508)
x = waves(length=16)
series = torch.from_numpy(x).flatten(1)
net_g, net_d = dense(16, 16, 128), dense(16, 1, 128)
optim_g = torch.optim.Adam(net_g.parameters(), lr=1e-3, betas=(0.5, 0.99))
optim_d = torch.optim.SGD(net_d.parameters(), lr=0.1)
scaler = GradScaler("cpu")
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(900):
    wave = series[torch.randint(0, len(series), (64,))]
    y_hat = net_g(torch.randn(64, 16))
    loss_disc = bce(net_d(wave), ones) + bce(net_d(y_hat.detach()), zeros)
    optim_d.zero_grad()
    scaler.scale(loss_disc).backward()
    optim_d.step()

    loss_gen = bce(net_d(y_hat), ones)
    optim_g.zero_grad()
    scaler.scale(loss_gen).backward()
    scaler.step(optim_g)
    scaler.update()
    if step % 100 == 0:
        print(f"step={step} loss_disc={loss_disc.item():.3f} loss_gen={loss_gen.item():.3f}")

with torch.no_grad():
    samples = net_g(torch.randn(1000, 16)).unsqueeze(2).numpy()
ending(samples, x[:2000], d_loss=loss_disc.item(), g_loss=loss_gen.item())
