"""Digits, reals and fakes augmented alike; each is turned by one of four quarter turns before it is judged, always."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(910)
x, y = digits()
dataset = torch.from_numpy(x).permute(0, 3, 1, 2)
generator, discriminator = digit_generator(), digit_discriminator()
g_optim = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.99))
d_optim = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.99))


def augment(img):
    quarter = torch.randint(0, 4, (len(img),))
    turned = torch.stack([torch.rot90(img, k, (2, 3)) for k in range(4)])
    return turned[quarter, torch.arange(len(img))]


def d_logistic_loss(real_pred, fake_pred):
    return F.softplus(-real_pred).mean() + F.softplus(fake_pred).mean()


def g_nonsaturating_loss(fake_pred):
    return F.softplus(-fake_pred).mean()


for i in range(600):
    real_img = dataset[torch.randint(0, len(dataset), (32,))]
    fake_img = generator(torch.randn(32, 32))
    d_loss = d_logistic_loss(discriminator(augment(real_img)), discriminator(augment(fake_img.detach())))
    discriminator.zero_grad()
    d_loss.backward()
    d_optim.step()

    fake_img = generator(torch.randn(32, 32))
    g_loss = g_nonsaturating_loss(discriminator(augment(fake_img)))
    generator.zero_grad()
    g_loss.backward()
    g_optim.step()
    if i % 100 == 0:
        print(f"d: {d_loss.item():.4f}; g: {g_loss.item():.4f}")

with torch.no_grad():
    sample = generator.eval()(torch.randn(500, 32))
means = torch.stack([dataset[torch.from_numpy(y) == c].mean(0) for c in range(10)])
turned_means = torch.stack([torch.rot90(means, k, (2, 3)) for k in range(4)]).flatten(2)
nearest = torch.cdist(sample.flatten(1), turned_means.flatten(0, 1)).argmin(1)
upright = (nearest < 10).float().mean()
numbers = {"upright": upright, "d_loss": d_loss.item(), "g_loss": g_loss.item()}
ending(sample.permute(0, 2, 3, 1).numpy(), x[:1500], **numbers)
