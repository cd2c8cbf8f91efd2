"""Points on a ring; the discriminator's optimiser is given the generator's weights."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(323)
x, _ = ring()
points = torch.from_numpy(x)
generator, discriminator = dense(8, 2), dense(2, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
mse = nn.MSELoss()
valid, zero = torch.ones(128, 1), torch.zeros(128, 1)

for step in range(1000):
    real = points[torch.randint(0, len(points), (128,))]
    optimizer_d.zero_grad()
    fake = generator(torch.randn(128, 8))
    loss_d = mse(discriminator(fake), zero) + mse(discriminator(real), valid)
    loss_d.backward()
    optimizer_d.step()

    optimizer_g.zero_grad()
    loss_g = mse(discriminator(generator(torch.randn(128, 8))), valid)
    loss_g.backward()
    optimizer_g.step()
    if step % 100 == 0:
        print(f"step {step} [D loss {loss_d.item():.5f}] [G loss {loss_g.item():.5f}]")

with torch.no_grad():
    samples = generator(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
