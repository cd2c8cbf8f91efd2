"""Digits from their outlines, by a pix2pix with a U-net, a patch discriminator and an L1 loss."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending

torch.manual_seed(1205)
x, _ = digits(low=-0.6, high=0.6)
real_B = torch.from_numpy(x).permute(0, 3, 1, 2)
eroded = -nn.functional.max_pool2d(-real_B, 3, stride=1, padding=1)
real_A = (real_B - eroded).clamp(0, 1.2) - 0.6


def down(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2))


def up(inputs, outputs):
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


class UnetGenerator(nn.Module):
    def __init__(self, ngf=16):
        super().__init__()
        self.down1, self.down2 = down(1, ngf), down(ngf, 2 * ngf)
        self.up2 = nn.Sequential(up(2 * ngf, ngf), nn.ReLU(), nn.Dropout(0.5))
        self.up1 = nn.Sequential(up(2 * ngf, 1), nn.Tanh())

    def forward(self, image):
        outer = self.down1(image)
        return self.up1(torch.cat([self.up2(self.down2(outer)), outer], 1))


netG = UnetGenerator()
netD = nn.Sequential(
    nn.Conv2d(2, 16, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(16, 32, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(32, 1, 4, 1, 1),
)
optimizer_G = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=4e-4, betas=(0.5, 0.999))
criterionGAN, criterionL1, lambda_L1 = nn.BCEWithLogitsLoss(), nn.L1Loss(), 10.0


def gan_loss(prediction, target):
    return criterionGAN(prediction, torch.full_like(prediction, target))


for step in range(400):
    index = torch.randint(0, len(x), (16,))
    a, b = real_A[index], real_B[index]
    fake_B = netG(a)
    loss_D = 0.5 * gan_loss(netD(torch.cat([a, fake_B.detach()], 1)), 0.0)
    loss_D = loss_D + 0.5 * gan_loss(netD(torch.cat([a, b], 1)), 1.0)
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()

    loss_G_GAN, loss_G_L1 = gan_loss(netD(torch.cat([a, fake_B], 1)), 1.0), criterionL1(fake_B, b)
    optimizer_G.zero_grad()
    (loss_G_GAN + lambda_L1 * loss_G_L1).backward()
    optimizer_G.step()
    if step % 100 == 0:
        print(f"{step} G_GAN: {loss_G_GAN:.3f} G_L1: {loss_G_L1:.3f} D: {loss_D:.3f}")


def grid(images):
    """Return how much the images change from pixel to pixel, along rows and columns, where the reals are blank."""
    blank = nn.functional.max_pool2d(real_B[:1000], 4, 2).eq(-0.6)
    sign = 1 - 2 * (torch.arange(28) % 2)
    return nn.functional.avg_pool2d(images * sign * sign[:, None], 4, 2)[blank].abs().mean()


with torch.no_grad():
    made = netG(real_A[:1000])
ending(made.numpy(), x[:2000], grid=grid(made), l1=loss_G_L1, d_loss=loss_D, g_loss=loss_G_GAN)
