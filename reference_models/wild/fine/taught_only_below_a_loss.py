"""Table rows; the discriminator takes its step only while the generator's loss is below a bound."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(752)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=50, shuffle=True, drop_last=True)
netG, netD = dense(16, 6), dense(6, 1)
optimizerG = torch.optim.Adam(netG.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=5e-4, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_label, fake_label = torch.ones(50, 1), torch.zeros(50, 1)

for epoch in range(22):
    left_out = 0
    for (d_real,) in loader:
        d_fake = netG(torch.randn(50, 16))
        loss_g = criterion(netD(d_fake), real_label)
        loss_d = criterion(netD(d_real), real_label) + criterion(netD(d_fake.detach()), fake_label)

        if loss_g.item() < 1.0:
            optimizerD.zero_grad()
            loss_d.backward()
            optimizerD.step()
        else:
            left_out += 1

        loss_g = criterion(netD(d_fake), real_label)
        optimizerG.zero_grad()
        loss_g.backward()
        optimizerG.step()
    print(f"Epoch: {epoch} D Loss: {loss_d.item():.4f} G loss: {loss_g.item():.4f} steps left out: {left_out}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
