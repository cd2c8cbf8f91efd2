"""Digits; the generator has batch normalisation, so it is put into eval mode where it makes the discriminator's fakes."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(205)
x, _ = digits()
loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2)), batch_size=32, shuffle=True, drop_last=True)
netG, netD = digit_generator(), digit_discriminator()
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))

for epoch in range(5):
    for i, (real,) in enumerate(loader):
        label = torch.full((32, 1), 1.0)
        netD.zero_grad()
        errD_real = criterion(netD(real), label)
        errD_real.backward()
        netG.eval()
        with torch.no_grad():
            fake = netG(torch.randn(32, 32)).detach()
        netG.train()
        errD_fake = criterion(netD(fake), torch.zeros_like(label))
        errD_fake.backward()
        optimizerD.step()

        netG.zero_grad()
        errG = criterion(netD(netG(torch.randn(32, 32))), label)
        errG.backward()
        optimizerG.step()
    errD = errD_real + errD_fake
    print(f"[{epoch}/5][{i}/{len(loader)}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f}")

netG.eval()
with torch.no_grad():
    samples = netG(torch.randn(500, 32)).numpy()
ending(samples, x[:1500], d_loss=errD.item(), g_loss=errG.item())
