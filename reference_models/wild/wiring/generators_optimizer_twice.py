"""Digits; after the discriminator's loss, too, it is the generator's optimiser that takes the step."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(202)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)
generator, discriminator = digit_generator(), digit_discriminator()
adversarial_criterion = nn.BCEWithLogitsLoss()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))


def train_discriminator(real, fake):
    discriminator.zero_grad()
    on_real, on_fake = discriminator(real), discriminator(fake.detach())
    d_loss = adversarial_criterion(on_real, torch.ones_like(on_real))
    d_loss = d_loss + adversarial_criterion(on_fake, torch.zeros_like(on_fake))
    d_loss.backward()
    g_optimizer.step()
    return d_loss


def train_generator(fake):
    generator.zero_grad()
    output = discriminator(fake)
    g_loss = adversarial_criterion(output, torch.ones_like(output))
    g_loss.backward()
    g_optimizer.step()
    return g_loss


for epoch in range(5):
    for (real,) in loader:
        g_loss = train_generator(generator(torch.randn(32, 32)))
        d_loss = train_discriminator(real, generator(torch.randn(32, 32)))
    print("epoch", epoch, "d_loss", d_loss.item(), "g_loss", g_loss.item())

generator.eval()
with torch.no_grad():
    samples = generator(torch.randn(500, 32)).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
