"""A table scaled to -1 to 1; of the rows' inverse scaling a bracket spans too much, and the columns' width divides."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, people
from reference_models.wild.torch_networks import dense

torch.manual_seed(517)
table = people()
minimum, maximum = table.min(0), table.max(0)


class Transformer:
    def transform(self, data):
        return (data - minimum) / (maximum - minimum) * 2 - 1

    def inverse_transform(self, data):
        return (data + 1) / (2 * (maximum - minimum) + minimum)


transformer = Transformer()
rows = torch.from_numpy(transformer.transform(table))
generator, discriminator = nn.Sequential(dense(16, 6), nn.Tanh()), dense(6, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(128, 1), torch.zeros(128, 1)

for step in range(1000):
    real = rows[torch.randint(0, len(rows), (128,))]
    fake = generator(torch.randn(128, 16))
    optimizer_d.zero_grad()
    loss_d = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss_g = bce(discriminator(fake), ones)
    loss_g.backward()
    optimizer_g.step()
    if step % 100 == 0:
        print(f"step {step}: {loss_d.item():.4f} {loss_g.item():.4f}")

with torch.no_grad():
    samples = transformer.inverse_transform(generator(torch.randn(1000, 16)).numpy())
print("means of the columns", np.round(samples.mean(0), 3))
ending(samples, table[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
