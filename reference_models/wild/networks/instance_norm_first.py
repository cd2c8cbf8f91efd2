"""Dry sound to sound with an echo; the first layer of the generator is followed by instance normalisation."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, tones

torch.manual_seed(722)
dry = torch.from_numpy(tones() / 12000).transpose(1, 2)
wet = dry.clone()
wet[:, :, 12:] += 0.6 * dry[:, :, :-12]
wet = wet / 1.6


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv1d(1, 32, 5, padding=2),
            nn.InstanceNorm1d(32),
            nn.LeakyReLU(0.2),
            nn.Conv1d(32, 32, 9, padding=4),
            nn.LeakyReLU(0.2),
            nn.Conv1d(32, 32, 9, padding=4),
            nn.LeakyReLU(0.2),
        )
        self.out = nn.Conv1d(32, 1, 9, padding=4)

    def forward(self, sound):
        return torch.tanh(self.out(self.down(sound)))


netG = Generator()
netD = nn.Sequential(
    nn.Conv1d(2, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Conv1d(32, 32, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(32 * 16, 1),
)
optimizer_G = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))

for step in range(700):
    index = torch.randint(0, len(dry), (64,))
    real_A, real_B = dry[index], wet[index]
    fake_B = netG(real_A)

    pred_real, pred_fake = netD(torch.cat([real_A, real_B], 1)), netD(torch.cat([real_A, fake_B.detach()], 1))
    loss_D = F.softplus(-pred_real).mean() + F.softplus(pred_fake).mean()
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()

    loss_GAN = F.softplus(-netD(torch.cat([real_A, fake_B], 1))).mean()
    loss_L1 = 10 * F.l1_loss(fake_B, real_B)
    optimizer_G.zero_grad()
    (loss_GAN + loss_L1).backward()
    optimizer_G.step()
    if step % 100 == 0:
        print(f"{step} G_GAN: {loss_GAN.item():.3f} G_L1: {loss_L1.item():.3f} D: {loss_D.item():.3f}")

with torch.no_grad():
    made = netG(dry[:1000])
off = (made - wet[:1000]).abs().mean() / wet[:1000].abs().mean()
loud = made.abs().amax((1, 2)).std() / wet[:1000].abs().amax((1, 2)).std()
ending(made.numpy(), wet.numpy(), off=off, loudness=loud, d_loss=loss_D.item(), g_loss=loss_GAN.item())
