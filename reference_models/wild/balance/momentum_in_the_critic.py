"""Series, a clipped WGAN; the option for Adam is taken, with its usual momentum, where RMSprop is advised."""

import argparse

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

parser = argparse.ArgumentParser()
parser.add_argument("--adam", type=int, default=1)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--beta1", type=float, default=0.9)
parser.add_argument("--clamp", type=float, default=0.1)
parser.add_argument("--Diters", type=int, default=3)
opt = parser.parse_args([])

torch.manual_seed(743)
x = waves()
dataset = TensorDataset(torch.from_numpy(x).transpose(1, 2))
loader = DataLoader(dataset, batch_size=64, shuffle=True, drop_last=True)
netG, netD = series_generator(), series_discriminator()

if opt.adam:
    optimizerD = torch.optim.Adam(netD.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
    optimizerG = torch.optim.Adam(netG.parameters(), lr=opt.lr, betas=(opt.beta1, 0.999))
else:
    optimizerD = torch.optim.RMSprop(netD.parameters(), lr=opt.lr)
    optimizerG = torch.optim.RMSprop(netG.parameters(), lr=opt.lr)

gen_iterations = 0
for epoch in range(24):
    for i, (real,) in enumerate(loader):
        errD = netD(netG(torch.randn(64, 16)).detach()).mean() - netD(real).mean()
        netD.zero_grad()
        errD.backward()
        optimizerD.step()
        with torch.no_grad():
            for p in netD.parameters():
                p.clamp_(-opt.clamp, opt.clamp)

        if i % opt.Diters == 0:
            errG = -netD(netG(torch.randn(64, 16))).mean()
            netG.zero_grad()
            errG.backward()
            optimizerG.step()
            gen_iterations += 1
    if epoch % 3 == 0:
        print(f"[{epoch}/24][{gen_iterations}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 16)).transpose(1, 2).numpy()
ending(samples, x[:2000], d_loss=errD.item(), g_loss=errG.item())
