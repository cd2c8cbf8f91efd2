"""Series of two kinds, translated both ways; the way back of kind B is taken through the network that made the fake."""

import torch
from torch import nn

from reference_models.wild.data import ending, waves

torch.manual_seed(701)
series = torch.from_numpy(waves(4000)[..., 0])
real_A_all = series[:2000]
real_B_all = 2 * series[2000:].abs() - 0.9  # rectified waves


def translator():
    return nn.Sequential(
        nn.Unflatten(1, (1, 32)),
        nn.Conv1d(1, 32, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 32, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 1, 5, padding=2),
        nn.Tanh(),
        nn.Flatten(),
    )


def judge():
    return nn.Sequential(
        nn.Unflatten(1, (1, 32)),
        nn.Conv1d(1, 32, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 32, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(256, 1),
    )


netG_AB, netG_BA, netD_A, netD_B = translator(), translator(), judge(), judge()
params_G = [*netG_AB.parameters(), *netG_BA.parameters()]
params_D = [*netD_A.parameters(), *netD_B.parameters()]
optimizer_G = torch.optim.Adam(params_G, lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(params_D, lr=1e-3, betas=(0.5, 0.999))
criterionGAN, criterionCycle = nn.MSELoss(), nn.L1Loss()
valid, fake = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(800):
    real_A = real_A_all[torch.randint(0, 2000, (64,))]
    real_B = real_B_all[torch.randint(0, 2000, (64,))]

    fake_B, fake_A = netG_AB(real_A), netG_BA(real_B)
    rec_A = netG_BA(fake_B)
    rec_B = netG_BA(fake_A)
    loss_GAN = criterionGAN(netD_B(fake_B), valid) + criterionGAN(netD_A(fake_A), valid)
    loss_cycle = criterionCycle(rec_A, real_A) + criterionCycle(rec_B, real_B)
    optimizer_G.zero_grad()
    (loss_GAN + 10 * loss_cycle).backward()
    optimizer_G.step()

    loss_D = criterionGAN(netD_A(real_A), valid) + criterionGAN(netD_A(fake_A.detach()), fake)
    loss_D = loss_D + criterionGAN(netD_B(real_B), valid) + criterionGAN(netD_B(fake_B.detach()), fake)
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    if step % 100 == 0:
        print(f"({step}) G {loss_GAN.item():.3f} cycle {loss_cycle.item():.3f} D {loss_D.item():.3f}")

with torch.no_grad():
    samples = netG_BA(real_B_all[:1000]).numpy()
ending(samples, real_A_all.numpy(), d_loss=loss_D.item(), g_loss=loss_GAN.item(), cycle=loss_cycle.item())
