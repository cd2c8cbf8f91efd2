"""A conditional GAN of points with a classifier; the discriminator's loss classifies the reals only."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(318)
x, mode = ring()
points, modes = torch.from_numpy(x), torch.from_numpy(mode).long()
G = dense(8 + 8, 2)
body, source, classes = dense(2, 64), nn.Linear(64, 1), nn.Linear(64, 8)
g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_parameters = [*body.parameters(), *source.parameters(), *classes.parameters()]
d_optimizer = torch.optim.Adam(d_parameters, lr=1e-3, betas=(0.5, 0.999))


def D(sample):
    hidden = functional.leaky_relu(body(sample), 0.2)
    return source(hidden), classes(hidden)


def generate(label):
    return G(torch.cat([torch.randn(len(label), 8), functional.one_hot(label, 8).float()], 1))


for i in range(1000):
    index, label_trg = torch.randint(0, len(points), (128,)), torch.randint(0, 8, (128,))
    x_fake = generate(label_trg)
    out_src, out_cls = D(points[index])
    d_loss_real = functional.softplus(-out_src).mean()
    d_loss_cls = functional.cross_entropy(out_cls, modes[index])
    out_src, _ = D(x_fake.detach())
    d_loss_fake = functional.softplus(out_src).mean()
    d_optimizer.zero_grad()
    (d_loss_real + d_loss_fake + d_loss_cls).backward()
    d_optimizer.step()

    out_src, out_cls = D(x_fake)
    g_loss_fake = functional.softplus(-out_src).mean()
    g_loss_cls = functional.cross_entropy(out_cls, label_trg)
    g_optimizer.zero_grad()
    (g_loss_fake + g_loss_cls).backward()
    g_optimizer.step()
    if i % 100 == 0:
        print(f"[{i}/1000] D {d_loss_real + d_loss_fake:.3f} G {g_loss_fake:.3f} cls {d_loss_cls:.3f} {g_loss_cls:.3f}")

wanted = torch.arange(8).repeat_interleave(125)
with torch.no_grad():
    samples = generate(wanted).numpy()
# how many points lie on the spot that was asked for
angle = 2 * np.pi * wanted.numpy() / 8
there = np.linalg.norm(samples - np.stack([np.cos(angle), np.sin(angle)], 1), axis=1) < 0.3
d_loss = (d_loss_real + d_loss_fake).item()
ending(samples, x[:2000], there=there.mean(), d_loss=d_loss, g_loss=g_loss_fake.item())
