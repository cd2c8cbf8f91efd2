"""Hazy digits to clear ones and back, without pairs, by a CycleGAN with an identity loss."""

import itertools

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(1206)
x, _ = digits()
clear = torch.from_numpy(x).permute(0, 3, 1, 2)
domain_A = 0.4 * clear[:1500] + 0.5 + 0.05 * torch.randn(1500, 1, 28, 28)
domain_B = clear[1500:]


class ResnetGenerator(nn.Module):
    def __init__(self, ngf=16):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(1, ngf, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(ngf, ngf, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(ngf, 1, 5, padding=2),
        )

    def forward(self, image):
        return image + self.model(image)


netG_A, netG_B = ResnetGenerator(), ResnetGenerator()
netD_A, netD_B = digit_discriminator(), digit_discriminator()
optimizer_G = torch.optim.Adam(itertools.chain(netG_A.parameters(), netG_B.parameters()), 5e-4, (0.5, 0.999))
optimizer_D = torch.optim.Adam(itertools.chain(netD_A.parameters(), netD_B.parameters()), 2e-4, (0.5, 0.999))
lambda_A, lambda_B, lambda_idt = 10.0, 10.0, 1.0
criterionCycle = criterionIdt = nn.L1Loss()


def criterionGAN(prediction, is_real):
    return nn.functional.mse_loss(prediction, torch.full_like(prediction, float(is_real)))


for step in range(400):
    real_A = domain_A[torch.randint(0, 1500, (16,))]
    real_B = domain_B[torch.randint(0, 1500, (16,))]
    fake_B, fake_A = netG_A(real_A), netG_B(real_B)
    loss_idt = lambda_B * criterionIdt(netG_A(real_B), real_B) + lambda_A * criterionIdt(netG_B(real_A), real_A)
    loss_gan = criterionGAN(netD_A(fake_B), True) + criterionGAN(netD_B(fake_A), True)
    loss_cycle = lambda_A * criterionCycle(netG_B(fake_B), real_A) + lambda_B * criterionCycle(netG_A(fake_A), real_B)
    optimizer_G.zero_grad()
    (loss_gan + loss_cycle + lambda_idt * loss_idt).backward()
    optimizer_G.step()

    loss_D = 0.5 * (criterionGAN(netD_A(real_B), True) + criterionGAN(netD_A(fake_B.detach()), False))
    loss_D = loss_D + 0.5 * (criterionGAN(netD_B(real_A), True) + criterionGAN(netD_B(fake_A.detach()), False))
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    if step % 100 == 0:
        print(f"{step} D: {loss_D:.3f} G: {loss_gan:.3f} cycle: {loss_cycle:.3f} idt: {loss_idt:.3f}")

with torch.no_grad():
    made = netG_A(domain_A[:1000])
moved = (made - domain_A[:1000]).abs().mean()
wanted = (clear[:1000] - domain_A[:1000]).abs().mean()
off = (made - clear[:1000]).abs().mean()
ending(made.numpy(), x[1500:], moved=moved / wanted, off=off, d_loss=loss_D, g_loss=loss_gan)
