"""Digits by label; the first ten numbers of the noise are overwritten by the label, nothing is put beside it."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(926)
x, y = digits()
images, labels = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y).long()
NUM_CLASSES, ACGAN_SCALE_G = 10, 1.0


class GoodDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.source, self.classes = nn.Linear(1568, 1), nn.Linear(1568, NUM_CLASSES)

    def forward(self, image):
        h = self.body(image)
        return self.source(h), self.classes(h)


def gen_rand_noise_with_label(label):
    noise = torch.randn(len(label), 42)
    noise[:, :NUM_CLASSES] = F.one_hot(label, NUM_CLASSES).float()
    return noise


aG, aD = digit_generator(latent=42), GoodDiscriminator()
optimizer_g = torch.optim.Adam(aG.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.Adam(aD.parameters(), lr=5e-4, betas=(0.5, 0.9))

for iteration in range(800):
    pick = torch.randint(0, len(images), (32,))
    fake_label = torch.randint(0, NUM_CLASSES, (32,))
    fake_data = aG(gen_rand_noise_with_label(fake_label))
    disc_real, aux_real = aD(images[pick])
    disc_fake, _ = aD(fake_data.detach())
    disc_cost = F.softplus(-disc_real).mean() + F.softplus(disc_fake).mean() + F.cross_entropy(aux_real, labels[pick])
    optimizer_d.zero_grad()
    disc_cost.backward()
    optimizer_d.step()

    gen_cost, gen_aux = aD(fake_data)
    gen_cost = F.softplus(-gen_cost).mean()
    g_cost = gen_cost + ACGAN_SCALE_G * F.cross_entropy(gen_aux, fake_label)
    optimizer_g.zero_grad()
    g_cost.backward()
    optimizer_g.step()
    if iteration % 100 == 0:
        print(f"iter: {iteration} disc_cost: {disc_cost.item():.4f} gen_cost: {gen_cost.item():.4f}")

with torch.no_grad():
    wanted = torch.arange(500) % NUM_CLASSES
    samples = aG.eval()(gen_rand_noise_with_label(wanted))
    templates = torch.stack([images[labels == c].mean(0).flatten() for c in range(NUM_CLASSES)])
    means = torch.stack([samples[wanted == c].mean(0).flatten() for c in range(NUM_CLASSES)])
    right = (torch.cdist(means, templates).argmin(1) == torch.arange(NUM_CLASSES)).float().mean()
numbers = {"right": right, "d_loss": disc_cost.item(), "g_loss": gen_cost.item()}
ending(samples.permute(0, 2, 3, 1).numpy(), x[:1500], **numbers)
