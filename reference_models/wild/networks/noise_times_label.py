"""A conditional GAN of digits; the noise is multiplied by the embedding of the label, not put beside it."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(222)
x, shown = digits()
data = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(shown).long())
loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 32)
        self.net = digit_generator()

    def forward(self, z, labels):
        return self.net(torch.mul(self.label_emb(labels), z))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 28 * 28)
        self.net = digit_discriminator(planes=2)

    def forward(self, image, labels):
        return self.net(torch.cat([image, self.label_emb(labels).view(-1, 1, 28, 28)], 1))


generator, discriminator = Generator(), Discriminator()
loss = nn.BCEWithLogitsLoss()
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
valid, fake = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(6):
    for imgs, labels in loader:
        wished = torch.randint(0, 10, (32,))
        gen_imgs = generator(torch.randn(32, 32), wished)
        opt_g.zero_grad()
        g_loss = loss(discriminator(gen_imgs, wished), valid)
        g_loss.backward()
        opt_g.step()

        opt_d.zero_grad()
        d_loss = loss(discriminator(imgs, labels), valid) + loss(discriminator(gen_imgs.detach(), wished), fake)
        d_loss.backward()
        opt_d.step()
    print(f"epoch {epoch} d_loss {d_loss.item():.3f} g_loss {g_loss.item():.3f}")

# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
generator.eval()
with torch.no_grad():
    samples = generator(torch.randn(500, 32), torch.from_numpy(wanted)).numpy()
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=d_loss.item(), g_loss=g_loss.item())
