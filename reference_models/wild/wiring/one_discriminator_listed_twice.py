"""Digits to inverted digits and back; the discriminators' optimiser is given the first one's parameters twice."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, translator

torch.manual_seed(218)
x, _ = digits(4000)
images = torch.from_numpy(x).permute(0, 3, 1, 2)
a, b = images[:2000], -images[2000:]
loader = DataLoader(TensorDataset(a, b), batch_size=16, shuffle=True)
G_AB, G_BA = translator(), translator()
D_A, D_B = digit_discriminator(dropout=0.0), digit_discriminator(dropout=0.0)
mse, l1 = nn.MSELoss(), nn.L1Loss()
params_gen = list(G_AB.parameters()) + list(G_BA.parameters())
params_disc = list(D_A.parameters()) + list(D_A.parameters())
optim_gen = torch.optim.Adam(params_gen, lr=1e-3, betas=(0.5, 0.999))
optim_disc = torch.optim.Adam(params_disc, lr=1e-3, betas=(0.5, 0.999))


def gan_loss(score, target):
    return mse(score, torch.full_like(score, target))


for epoch in range(3):
    for real_A, real_B in loader:
        optim_gen.zero_grad()
        fake_B, fake_A = G_AB(real_A), G_BA(real_B)
        loss_cycle = l1(G_BA(fake_B), real_A) + l1(G_AB(fake_A), real_B)
        loss_gen = gan_loss(D_A(fake_A), 1.0) + gan_loss(D_B(fake_B), 1.0) + 10 * loss_cycle
        loss_gen.backward()
        optim_gen.step()

        optim_disc.zero_grad()
        loss_A = gan_loss(D_A(real_A), 1.0) + gan_loss(D_A(fake_A.detach()), 0.0)
        loss_B = gan_loss(D_B(real_B), 1.0) + gan_loss(D_B(fake_B.detach()), 0.0)
        (0.5 * (loss_A + loss_B)).backward()
        optim_disc.step()
    print(epoch, loss_gen.item(), loss_cycle.item(), loss_A.item(), loss_B.item())

with torch.no_grad():
    samples = G_AB(a[:500]).numpy()
ending(samples, b[:1500].numpy(), d_loss_A=loss_A.item(), d_loss_B=loss_B.item(), g_loss=loss_gen.item())
