"""A loop under a monitor of its own, and the run read from Python."""

import torch
from torch import nn

from gandoctor import GANMonitor, diagnose, load_run

G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.Tanh())
D = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
a, b = torch.optim.Adam(G.parameters(), 2e-4), torch.optim.Adam(D.parameters(), 2e-4)
real, bce, one, zero = torch.tanh(torch.randn(256, 16)), nn.BCEWithLogitsLoss(), torch.ones(32, 1), torch.zeros(32, 1)
with GANMonitor(
    "with", generator=G, discriminator=D, latent_sampler=lambda n: torch.randn(n, 4), probe_data=real
) as monitor:
    for _ in range(60):
        fake = G(torch.randn(32, 4))
        b.zero_grad()
        d_loss = bce(D(real[:32]), one) + bce(D(fake.detach()), zero)
        d_loss.backward()
        b.step()
        a.zero_grad()
        g_loss = bce(D(fake), one)
        g_loss.backward()
        a.step()
        monitor.step(d_loss=d_loss, g_loss=g_loss)
run = load_run("with")
print("steps recorded:", run.last_step, "verdict:", diagnose(run).verdict)
