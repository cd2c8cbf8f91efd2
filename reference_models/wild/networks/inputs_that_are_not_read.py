"""Series of three frequencies by label; the discriminator joins series and label, and its layers read the series alone."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending
from reference_models.wild.torch_networks import dense

torch.manual_seed(503)
rng = np.random.default_rng(0)
label = rng.integers(0, 3, 3000)
time = np.linspace(0, 1, 16, endpoint=False)[None]
x = 0.8 * np.sin(2 * np.pi * (np.array([1, 2, 4])[label][:, None] * time + rng.uniform(0, 1, (3000, 1))))
x = x.astype("float32")[..., None]
series, conditions = torch.from_numpy(x), torch.eye(3)[torch.from_numpy(label)]
seq_length, cond_dim = 16, 3


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = dense(8 + cond_dim, seq_length, 128)

    def forward(self, z, c):
        return self.layers(torch.cat([z, c], 1)).unsqueeze(2)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = dense(seq_length, 1, 128)

    def forward(self, x, c=None):
        x = x.flatten(1)
        inputs = [x]
        if cond_dim > 0:
            inputs.append(c)
        return self.layers(x)


generator, discriminator = Generator(), Discriminator()
G_solver = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
D_solver = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(1000):
    index = torch.randint(0, 3000, (64,))
    X, C = series[index], conditions[index]
    fake = generator(torch.randn(64, 8), C)
    D_loss = bce(discriminator(X, C), ones) + bce(discriminator(fake.detach(), C), zeros)
    D_solver.zero_grad()
    D_loss.backward()
    D_solver.step()
    G_loss = bce(discriminator(fake, C), ones)
    G_solver.zero_grad()
    G_loss.backward()
    G_solver.step()
    if step % 100 == 0:
        print(f"{step}\t{D_loss.item():.4f}\t{G_loss.item():.4f}")

wanted = np.repeat([0, 1, 2], 300)
with torch.no_grad():
    samples = generator(torch.randn(900, 8), torch.eye(3)[torch.from_numpy(wanted)]).numpy()
# how many samples have the frequency that was asked for
heard = abs(np.fft.rfft(samples[..., 0]))[:, [1, 2, 4]].argmax(1)
ending(samples, x[:2000], right=(heard == wanted).mean(), d_loss=D_loss.item(), g_loss=G_loss.item())
