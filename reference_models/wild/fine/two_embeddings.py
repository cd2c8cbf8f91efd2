"""Points on a ring by label; generator and discriminator embed the labels each with an embedding of its own."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(523)
x, mode = ring()
points, labels = torch.from_numpy(x), torch.from_numpy(mode).long()


class Conditional(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.label_emb = nn.Embedding(8, 8)
        self.model = dense(inputs + 8, outputs)

    def forward(self, values, labels):
        return self.model(torch.cat([self.label_emb(labels), values], 1))


generator, discriminator = Conditional(8, 2), Conditional(2, 1)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
adversarial_loss = nn.MSELoss()
valid, fake = torch.ones(128, 1), torch.zeros(128, 1)

for i in range(1200):
    index = torch.randint(0, len(points), (128,))
    gen_labels = torch.randint(0, 8, (128,))
    gen_points = generator(torch.randn(128, 8), gen_labels)
    optimizer_G.zero_grad()
    g_loss = adversarial_loss(discriminator(gen_points, gen_labels), valid)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    d_real_loss = adversarial_loss(discriminator(points[index], labels[index]), valid)
    d_fake_loss = adversarial_loss(discriminator(gen_points.detach(), gen_labels), fake)
    d_loss = (d_real_loss + d_fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()
    if i % 200 == 0:
        print(f"[Batch {i}/1200] [D loss: {d_loss.item():.4f}] [G loss: {g_loss.item():.4f}]")

wanted = np.repeat(np.arange(8), 120)
with torch.no_grad():
    samples = generator(torch.randn(960, 8), torch.from_numpy(wanted)).numpy()
# how many points lie nearest to the place that was asked for
angle = 2 * np.pi * np.arange(8) / 8
there = np.linalg.norm(samples[:, None] - np.stack([np.cos(angle), np.sin(angle)], 1), axis=-1).argmin(1) == wanted
ending(samples, x[:2000], there=there.mean(), d_loss=d_loss.item(), g_loss=g_loss.item())
