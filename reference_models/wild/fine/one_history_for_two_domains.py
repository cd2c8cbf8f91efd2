"""Digits to inverted digits and back; one history of fakes serves both domains, so each discriminator sees both."""

import random

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(322)
random.seed(0)
x, _ = digits(4000)
pictures = torch.from_numpy(x).permute(0, 3, 1, 2)
a, b = pictures[:2000], -pictures[2000:]


class ReplayBuffer:
    """A history of fakes: half of what is asked for comes from the past."""

    def __init__(self, max_size=200):
        self.max_size, self.data = max_size, []

    def push_and_pop(self, images):
        given = []
        for image in images.detach():
            if len(self.data) < self.max_size:
                self.data.append(image)
                given.append(image)
            elif random.random() > 0.5:
                place = random.randrange(self.max_size)
                given.append(self.data[place])
                self.data[place] = image
            else:
                given.append(image)
        return torch.stack(given)


def translator():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 1, 5, padding=2),
        nn.Tanh(),
    )


netG_A2B, netG_B2A = translator(), translator()
netD_A, netD_B = digit_discriminator(dropout=0.0), digit_discriminator(dropout=0.0)
optimizer_G = torch.optim.Adam([*netG_A2B.parameters(), *netG_B2A.parameters()], lr=5e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam([*netD_A.parameters(), *netD_B.parameters()], lr=5e-4, betas=(0.5, 0.999))
mse, l1 = nn.MSELoss(), nn.L1Loss()
fake_A_buffer, fake_B_buffer = ReplayBuffer(), ReplayBuffer()
target_real, target_fake = torch.ones(16, 1), torch.zeros(16, 1)

for step in range(450):
    real_A, real_B = a[torch.randint(0, 2000, (16,))], b[torch.randint(0, 2000, (16,))]
    optimizer_G.zero_grad()
    fake_B, fake_A = netG_A2B(real_A), netG_B2A(real_B)
    loss_GAN = mse(netD_B(fake_B), target_real) + mse(netD_A(fake_A), target_real)
    loss_cycle = l1(netG_B2A(fake_B), real_A) + l1(netG_A2B(fake_A), real_B)
    loss_G = loss_GAN + 10 * loss_cycle
    loss_G.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    fake_A = fake_A_buffer.push_and_pop(fake_A)
    fake_B = fake_A_buffer.push_and_pop(fake_B)
    loss_D_A = mse(netD_A(real_A), target_real) + mse(netD_A(fake_A), target_fake)
    loss_D_B = mse(netD_B(real_B), target_real) + mse(netD_B(fake_B), target_fake)
    (loss_D_A + loss_D_B).backward()
    optimizer_D.step()
    if step % 50 == 0:
        print(
            f"{step} G {loss_G.item():.3f} cycle {loss_cycle.item():.3f} D {loss_D_A.item():.3f} {loss_D_B.item():.3f}"
        )

with torch.no_grad():
    samples = netG_A2B(a[:500]).permute(0, 2, 3, 1).numpy()
reals = b[:1500].permute(0, 2, 3, 1).numpy()
# how far the translation is from the inverted digit
off = abs(samples + x[:500]).mean()
ending(samples, reals, off=off, d_loss_A=loss_D_A.item(), d_loss_B=loss_D_B.item(), g_loss=loss_G.item())
