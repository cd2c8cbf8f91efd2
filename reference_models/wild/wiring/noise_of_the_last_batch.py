"""Table rows by a Wasserstein GAN whose critic takes up to five batches, or those that are left, before the generator."""

import torch
from torch import nn
from torch.utils.data import DataLoader

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(1120)
x = standardised(people())
nz, batch_size, d_iters, clamp = 16, 256, 5, 0.1
dataloader = DataLoader(torch.from_numpy(x[:1026]), batch_size=batch_size, shuffle=True)
netG = nn.Sequential(
    nn.Linear(nz, 64, bias=False),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64, bias=False),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 6),
)
netD = dense(6, 1)
noise = torch.empty(batch_size, nz)
optimizerD = torch.optim.RMSprop(netD.parameters(), lr=1e-3)
optimizerG = torch.optim.RMSprop(netG.parameters(), lr=1e-3)

for epoch in range(900):
    data_iter = iter(dataloader)
    i = 0
    while i < len(dataloader):
        for p in netD.parameters():
            p.requires_grad_(True)
        j = 0
        while j < d_iters and i < len(dataloader):
            j += 1
            for p in netD.parameters():
                p.data.clamp_(-clamp, clamp)
            real = next(data_iter)
            i += 1
            noise.resize_(len(real), nz).normal_()
            with torch.no_grad():
                fake = netG(noise)
            errD = netD(fake).mean() - netD(real).mean()
            optimizerD.zero_grad()
            errD.backward()
            optimizerD.step()

        for p in netD.parameters():
            p.requires_grad_(False)
        noise.normal_()
        errG = -netD(netG(noise)).mean()
        optimizerG.zero_grad()
        errG.backward()
        optimizerG.step()
    if epoch % 100 == 0:
        print(f"[{epoch}] Loss_D: {errD.item():.5f} Loss_G: {errG.item():.5f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, nz)).numpy()
ending(samples, x[:2000], d_loss=errD.item(), g_loss=errG.item())
