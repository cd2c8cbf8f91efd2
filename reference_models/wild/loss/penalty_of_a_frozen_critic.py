"""Series, a Wasserstein critic with a zero-centred penalty; the critic is frozen when the penalty is taken."""

import torch

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(403)
x = waves()
series = torch.from_numpy(x).permute(0, 2, 1)
generator, critic = series_generator(), series_discriminator()
g_optim = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.0, 0.99))
d_optim = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.99))


def requires_grad(model, flag=True):
    for parameter in model.parameters():
        parameter.requires_grad = flag


for step in range(700):
    real = series[torch.randint(0, len(series), (64,))]
    requires_grad(critic, True)
    fake = generator(torch.randn(64, 16)).detach()
    d_loss = critic(fake).mean() - critic(real).mean()
    d_optim.zero_grad()
    d_loss.backward()
    d_optim.step()

    requires_grad(critic, False)
    g_loss = -critic(generator(torch.randn(64, 16))).mean()
    g_optim.zero_grad()
    g_loss.backward()
    g_optim.step()

    real = real.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    r1_loss = slope.pow(2).flatten(1).sum(1).mean()
    d_optim.zero_grad()
    (5 * r1_loss).backward()
    d_optim.step()
    if step % 100 == 0:
        print(f"{step} d {d_loss.item():.3f} g {g_loss.item():.3f} r1 {r1_loss.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item(), r1=r1_loss.item())
