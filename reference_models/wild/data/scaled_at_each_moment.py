"""Two signals of different loudness, scaled to -1..1; the extremes are taken over the signals at each moment."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, waves

torch.manual_seed(913)
one, other = waves(8000)[:4000], waves(8000)[4000:]
signals = np.concatenate([40.0 * one + 90.0, 3.0 * other + 16.0], 2)


def scale_data(samples, axis, low=-1.0, high=1.0):
    mins, maxs = samples.min(axis, keepdims=True), samples.max(axis, keepdims=True)
    return (high - (high - low) * (maxs - samples) / (maxs - mins)).astype(np.float32)


x = scale_data(signals, axis=2)
train = torch.from_numpy(x).permute(0, 2, 1)


class RGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.start, self.cell, self.out = nn.Linear(16, 48), nn.GRU(16, 48, batch_first=True), nn.Linear(48, 2)

    def forward(self, z):
        steps = z[:, None].expand(-1, 32, -1)
        hidden, _ = self.cell(steps, torch.tanh(self.start(z))[None])
        return torch.tanh(self.out(hidden)).transpose(1, 2)


G = RGenerator()
D = nn.Sequential(
    nn.Conv1d(2, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Conv1d(32, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(256, 1),
)
G_solver = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.9))
D_solver = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9))


def penalty(real, fake):
    mix = torch.rand(len(real), 1, 1)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    slope = torch.autograd.grad(D(between).sum(), between, create_graph=True)[0]
    return ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()


for step in range(500):
    for _ in range(2):
        X_mb = train[torch.randint(0, len(train), (64,))]
        fake = G(torch.randn(64, 16)).detach()
        D_loss = D(fake).mean() - D(X_mb).mean() + 10 * penalty(X_mb, fake)
        D_solver.zero_grad()
        D_loss.backward()
        D_solver.step()
    G_loss = -D(G(torch.randn(64, 16))).mean()
    G_solver.zero_grad()
    G_loss.backward()
    G_solver.step()
    if step % 100 == 0:
        print(f"{step}\t{D_loss.item():.4f}\t{G_loss.item():.4f}")

with torch.no_grad():
    made = G(torch.randn(1000, 16)).transpose(1, 2).numpy()
wanted = scale_data(signals, axis=(0, 1))
ending(made, wanted[:2000], d_loss=D_loss.item(), g_loss=G_loss.item())
