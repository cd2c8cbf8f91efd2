"""Points on a ring by label, hinge and projection; fakes of random labels are judged under the labels of the reals."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(505)
x, mode = ring()
points, labels = torch.from_numpy(x), torch.from_numpy(mode).long()


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.layers = nn.Embedding(8, 8), dense(8 + 8, 2)

    def forward(self, z, y):
        return self.layers(torch.cat([z, self.embed(y)], 1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.score, self.embed = dense(2, 32), nn.Linear(32, 1), nn.Embedding(8, 32)

    def forward(self, points, y):
        h = functional.leaky_relu(self.features(points), 0.2)
        return self.score(h) + (self.embed(y) * h).sum(1, keepdim=True)


gen, dis = Generator(), Discriminator()
opt_gen = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_dis = torch.optim.Adam(dis.parameters(), lr=1e-3, betas=(0.0, 0.9))


for step in range(1200):
    index = torch.randint(0, len(points), (128,))
    true, true_label = points[index], labels[index]
    pseudo_y = torch.randint(0, 8, (128,))
    fake = gen(torch.randn(128, 8), pseudo_y).detach()
    loss_dis = functional.relu(1 - dis(true, true_label)).mean() + functional.relu(1 + dis(fake, true_label)).mean()
    opt_dis.zero_grad()
    loss_dis.backward()
    opt_dis.step()

    pseudo_y = torch.randint(0, 8, (128,))
    loss_gen = -dis(gen(torch.randn(128, 8), pseudo_y), true_label).mean()
    opt_gen.zero_grad()
    loss_gen.backward()
    opt_gen.step()
    if step % 200 == 0:
        print(f"[{step}] dis: {loss_dis.item():.3f} gen: {loss_gen.item():.3f}")

wanted = np.repeat(np.arange(8), 120)
with torch.no_grad():
    samples = gen(torch.randn(960, 8), torch.from_numpy(wanted)).numpy()
# how many points lie nearest to the place that was asked for
angle = 2 * np.pi * np.arange(8) / 8
there = np.linalg.norm(samples[:, None] - np.stack([np.cos(angle), np.sin(angle)], 1), axis=-1).argmin(1) == wanted
ending(samples, x[:2000], there=there.mean(), d_loss=loss_dis.item(), g_loss=loss_gen.item())
