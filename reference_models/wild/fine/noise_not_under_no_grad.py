"""Series by a Wasserstein GAN; to freeze the generator in the critic's steps, its noise is taken under no_grad."""

import torch

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(1115)
x = waves()
data = torch.from_numpy(x).permute(0, 2, 1)
aG, aD = series_generator(), series_discriminator()
optimizer_g = torch.optim.Adam(aG.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.Adam(aD.parameters(), lr=1e-3, betas=(0.5, 0.9))
BATCH_SIZE, CRITIC_ITERS, LAMBDA = 64, 4, 10


def gen_rand_noise():
    return torch.randn(BATCH_SIZE, 16)


def calc_gradient_penalty(netD, real_data, fake_data):
    alpha = torch.rand(BATCH_SIZE, 1, 1)
    interpolates = (alpha * real_data + (1 - alpha) * fake_data).detach().requires_grad_()
    slopes = torch.autograd.grad(netD(interpolates).sum(), interpolates, create_graph=True)[0]
    return ((slopes.flatten(1).norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


for iteration in range(450):
    for p in aD.parameters():
        p.requires_grad_(False)
    noise = gen_rand_noise()
    noise.requires_grad_(True)
    gen_cost = -aD(aG(noise)).mean()
    optimizer_g.zero_grad()
    gen_cost.backward()
    optimizer_g.step()

    for p in aD.parameters():
        p.requires_grad_(True)
    for _ in range(CRITIC_ITERS):
        noise = gen_rand_noise()
        with torch.no_grad():
            noisev = noise
        fake_data = aG(noisev)
        real_data = data[torch.randint(0, len(data), (BATCH_SIZE,))]
        disc_cost = aD(fake_data).mean() - aD(real_data).mean()
        optimizer_d.zero_grad()
        (disc_cost + calc_gradient_penalty(aD, real_data, fake_data)).backward()
        optimizer_d.step()
    if iteration % 50 == 0:
        print(f"iter {iteration}: gen_cost {gen_cost.item():.4f}, wasserstein distance {-disc_cost.item():.4f}")

with torch.no_grad():
    samples = aG(torch.randn(1000, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:2000], d_loss=disc_cost.item(), g_loss=gen_cost.item())
