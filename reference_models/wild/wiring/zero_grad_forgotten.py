"""Points on a ring; the discriminator's gradients are never set to zero, so each step adds to all that went before."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(201)
x, _ = ring()
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=128, shuffle=True, drop_last=True)
netG, netD = dense(8, 2), dense(2, 1)
criterion = nn.BCEWithLogitsLoss()
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(128, 1), torch.zeros(128, 1)

for epoch in range(30):
    for (real,) in loader:
        # the discriminator
        fake = netG(torch.randn(128, 8))
        loss_D = criterion(netD(real), real_label) + criterion(netD(fake.detach()), fake_label)
        loss_D.backward()
        optimizerD.step()

        # the generator
        optimizerG.zero_grad()
        loss_G = criterion(netD(fake), real_label)
        loss_G.backward()
        optimizerG.step()
    print(f"epoch {epoch}  loss_D {loss_D.item():.3f}  loss_G {loss_G.item():.3f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
