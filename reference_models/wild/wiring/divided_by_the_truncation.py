"""Digits by label with a hinge; to truncate, the latents of the samples are divided by the factor of truncation."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(934)
x, y = digits()
images, labels = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y).long()
z_dim, num_classes = 32, 10


def sample_latents(batch_size, truncated_factor=-1.0):
    latents = torch.randn(batch_size, z_dim)
    if truncated_factor > 0:
        latents = latents / truncated_factor
    return latents


class Dis(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.linear, self.embed = nn.Linear(1568, 1), nn.Embedding(num_classes, 1568)
        nn.init.zeros_(self.embed.weight)

    def forward(self, image, label):
        h = self.body(image)
        return self.linear(h)[:, 0] + (h * self.embed(label)).sum(1)


def condition(z, label):
    return torch.cat([z, F.one_hot(label, num_classes).float()], 1)


gen, dis = digit_generator(latent=z_dim + num_classes), Dis()
g_optimizer = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.99))
d_optimizer = torch.optim.Adam(dis.parameters(), lr=3e-4, betas=(0.5, 0.99))

for step in range(600):
    pick, fake_labels = torch.randint(0, len(images), (32,)), torch.randint(0, num_classes, (32,))
    fake_images = gen(condition(sample_latents(32), fake_labels))
    dis_real, dis_fake = dis(images[pick], labels[pick]), dis(fake_images.detach(), fake_labels)
    dis_loss = torch.relu(1 - dis_real).mean() + torch.relu(1 + dis_fake).mean()
    d_optimizer.zero_grad()
    dis_loss.backward()
    d_optimizer.step()

    gen_loss = -dis(fake_images, fake_labels).mean()
    g_optimizer.zero_grad()
    gen_loss.backward()
    g_optimizer.step()
    if step % 100 == 0:
        print(f"Step: {step}, Discriminator_loss: {dis_loss.item():.4f}, Generator_loss: {gen_loss.item():.4f}")

with torch.no_grad():
    wanted = torch.arange(500) % num_classes
    samples = gen.eval()(condition(sample_latents(500, truncated_factor=0.2), wanted))
means = torch.stack([images[labels == c].mean(0).flatten() for c in range(num_classes)])
right = (torch.cdist(samples.flatten(1), means).argmin(1) == wanted).float().mean()
numbers = {"right": right, "d_loss": dis_loss.item(), "g_loss": gen_loss.item()}
ending(samples.permute(0, 2, 3, 1).numpy(), x[:1500], **numbers)
