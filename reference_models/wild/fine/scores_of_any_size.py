"""Digits on demand; the discriminator ends without a sigmoid, and squared differences to 1 and 0 are its loss."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(852)
x, shown = digits()
dataset = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(shown).long())
dataloader = DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        self.model = digit_generator(latent=42)

    def forward(self, noise, labels):
        return self.model(torch.cat([self.label_emb(labels), noise], -1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_embedding = nn.Embedding(10, 28 * 28)
        self.model = nn.Sequential(
            nn.Conv2d(2, 16, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Conv2d(16, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(32 * 49, 1),
        )

    def forward(self, img, labels):
        return self.model(torch.cat([img, self.label_embedding(labels).view(-1, 1, 28, 28)], 1))


adversarial_loss = nn.MSELoss()
generator, discriminator = Generator(), Discriminator()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
valid, fake = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(8):
    for imgs, labels in dataloader:
        optimizer_G.zero_grad()
        gen_labels = torch.randint(0, 10, (32,))
        gen_imgs = generator(torch.randn(32, 32), gen_labels)
        g_loss = adversarial_loss(discriminator(gen_imgs, gen_labels), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        d_real_loss = adversarial_loss(discriminator(imgs, labels), valid)
        d_fake_loss = adversarial_loss(discriminator(gen_imgs.detach(), gen_labels), fake)
        d_loss = (d_real_loss + d_fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()
    print(f"[Epoch {epoch}/8] [D loss: {d_loss.item():.4f}] [G loss: {g_loss.item():.4f}]")

# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
with torch.no_grad():
    samples = generator(torch.randn(500, 32), torch.from_numpy(wanted)).permute(0, 2, 3, 1).numpy()
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=d_loss.item(), g_loss=g_loss.item())
