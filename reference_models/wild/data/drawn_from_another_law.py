"""Table rows, a hinge loss; trained on latents of a normal law, the rows are drawn with latents between 0 and 1."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(513)
x = standardised(people())
rows = torch.from_numpy(x)
netG, netD = dense(16, 6), dense(6, 1)
optimG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
noise = torch.empty(128, 16)


def fDx():
    real = rows[torch.randint(0, len(rows), (128,))]
    fake = netG(noise.normal_(0, 1)).detach()
    errD = functional.relu(1 - netD(real)).mean() + functional.relu(1 + netD(fake)).mean()
    optimD.zero_grad()
    errD.backward()
    optimD.step()
    return errD.item()


def fGx():
    errG = -netD(netG(noise.normal_(0, 1))).mean()
    optimG.zero_grad()
    errG.backward()
    optimG.step()
    return errG.item()


for i in range(1000):
    errD, errG = fDx(), fGx()
    if i % 100 == 0:
        print(f"{i} Err_G: {errG:.4f} Err_D: {errD:.4f}")

with torch.no_grad():
    samples = netG(torch.empty(1000, 16).uniform_(0, 1)).numpy()
ending(samples, x[:2000], d_loss=errD, g_loss=errG)
