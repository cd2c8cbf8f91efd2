"""Series, WGAN-GP; the gradient penalty is computed and stands nowhere in the critic's loss."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(204)
x = waves()
signals = torch.from_numpy(x).permute(0, 2, 1)
loader = DataLoader(TensorDataset(signals), batch_size=64, shuffle=True, drop_last=True)
netG, netD = series_generator(), series_discriminator()
optG = torch.optim.Adam(netG.parameters(), lr=5e-4, betas=(0.0, 0.9))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.0, 0.9))


def gradient_penalty(real, fake):
    eps = torch.rand(len(real), 1, 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    scores = netD(mixed)
    (grad,) = torch.autograd.grad(scores, mixed, torch.ones_like(scores), create_graph=True)
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


for epoch in range(11):
    for i, (real,) in enumerate(loader):
        netD.zero_grad()
        fake = netG(torch.randn(64, 16)).detach()
        grad_penalty = 10 * gradient_penalty(real, fake)
        loss_D = netD(fake).mean() - netD(real).mean()
        loss_D.backward()
        optD.step()

        if i % 2 == 0:
            netG.zero_grad()
            loss_G = -netD(netG(torch.randn(64, 16))).mean()
            loss_G.backward()
            optG.step()
    print(f"[{epoch}/11] Loss_D: {loss_D.item():.3f} Loss_G: {loss_G.item():.3f}")

with torch.no_grad():
    samples = netG(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=loss_D.item(), g_loss=loss_G.item())
