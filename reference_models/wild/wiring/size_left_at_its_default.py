"""Digits, grown from 14 to 28 pixels; each size has its own last layer, and the samples are drawn at a given size."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(1107)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
code_size = 32


class StyledGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(code_size, 49 * 32, bias=False),
            nn.BatchNorm1d(49 * 32),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 24, 4, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.LeakyReLU(0.2),
        )
        self.up = nn.Sequential(nn.ConvTranspose2d(24, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.LeakyReLU(0.2))
        self.to_rgb = nn.ModuleList([nn.Conv2d(24, 1, 3, padding=1), nn.Conv2d(16, 1, 3, padding=1)])

    def forward(self, code, step):
        out = self.body(code)
        if step == 1:
            out = self.up(out)
        return torch.tanh(self.to_rgb[step](out))


def train(generator, discriminator, step, count):
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.99))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=4e-4, betas=(0.5, 0.99))
    for i in range(count):
        real = images[torch.randint(0, len(images), (32,))]
        real = F.interpolate(F.avg_pool2d(real, 2), scale_factor=2) if step == 0 else real
        fake = generator(torch.randn(32, code_size), step)
        fake = F.interpolate(fake, scale_factor=2) if step == 0 else fake
        d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = F.softplus(-discriminator(fake)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        if i % 100 == 0:
            print(f"Size: {14 * 2**step}; G: {g_loss.item():.3f}; D: {d_loss.item():.3f}")
    return d_loss.item(), g_loss.item()


def sample(generator, count, size=14):
    generator.eval()
    with torch.no_grad():
        made = generator(torch.randn(count, code_size), step=0 if size == 14 else 1)
    return F.interpolate(made, size=(28, 28)).permute(0, 2, 3, 1).numpy()


generator, discriminator = StyledGenerator(), digit_discriminator()
train(generator, discriminator, 0, 250)
d_loss, g_loss = train(generator, discriminator, 1, 550)
ending(sample(generator, 1000), x[:2000], d_loss=d_loss, g_loss=g_loss)
