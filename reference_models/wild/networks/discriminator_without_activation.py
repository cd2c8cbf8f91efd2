"""Points on a ring; the discriminator's layers follow one another without activation, so it can draw one line only."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(409)
x, _ = ring()
points = torch.from_numpy(x)


class Discriminator(nn.Module):
    """Three layers."""

    def __init__(self, width=64):
        super().__init__()
        self.block1 = nn.Linear(2, width)
        self.block2 = nn.Linear(width, width)
        self.block3 = nn.Linear(width, 1)

    def forward(self, x):
        x = self.block1(x)
        x = self.block2(x)
        return self.block3(x)


netG, netD = dense(8, 2), Discriminator()
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(128, 1), torch.zeros(128, 1)

for step in range(1000):
    real = points[torch.randint(0, len(points), (128,))]
    fake = netG(torch.randn(128, 8))
    d_loss = bce(netD(real), ones) + bce(netD(fake.detach()), zeros)
    optD.zero_grad()
    d_loss.backward()
    optD.step()

    g_loss = bce(netD(fake), ones)
    optG.zero_grad()
    g_loss.backward()
    optG.step()
    if step % 100 == 0:
        print(f"step {step} d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
