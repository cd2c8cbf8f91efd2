"""Points on a ring; both losses are sent back first and both optimisers step afterwards, with the gradients of both."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(407)
x, _ = ring()
points = torch.from_numpy(x)
netG, netD = dense(8, 2), dense(2, 1)
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_label, fake_label = torch.ones(128, 1), torch.zeros(128, 1)

for iteration in range(1000):
    netD.zero_grad()
    netG.zero_grad()
    real = points[torch.randint(0, len(points), (128,))]
    loss_real = criterion(netD(real), real_label)
    loss_real.backward()
    fake = netG(torch.randn(128, 8))
    loss_fake = criterion(netD(fake), fake_label)
    loss_fake.backward(retain_graph=True)
    lossG_D = criterion(netD(fake), real_label)
    lossG_D.backward()
    optimizerG.step()
    optimizerD.step()
    if iteration % 100 == 0:
        print(f"{iteration}: D {loss_real.item() + loss_fake.item():.3f}, G {lossG_D.item():.3f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=loss_real.item() + loss_fake.item(), g_loss=lossG_D.item())
