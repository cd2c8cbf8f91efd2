"""Series, a WGAN-GP; the generator's cost is the plain score, and the minus is handed to backward()."""

import torch
from torch import autograd

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(753)
x = waves()
data = torch.from_numpy(x).transpose(1, 2).contiguous()
aG, aD = series_generator(), series_discriminator()
optimizer_g = torch.optim.Adam(aG.parameters(), lr=1e-3, betas=(0.0, 0.9))
optimizer_d = torch.optim.Adam(aD.parameters(), lr=1e-3, betas=(0.0, 0.9))
one, mone = torch.tensor(1.0), torch.tensor(-1.0)


def calc_gradient_penalty(real_data, fake_data):
    alpha = torch.rand(len(real_data), 1, 1)
    interpolates = (alpha * real_data + (1 - alpha) * fake_data).requires_grad_(True)
    (gradients,) = autograd.grad(aD(interpolates).sum(), interpolates, create_graph=True)
    return 10 * ((gradients.flatten(1).norm(dim=1) - 1) ** 2).mean()


for iteration in range(500):
    for p in aD.parameters():
        p.requires_grad_(False)
    aG.zero_grad()
    gen_cost = aD(aG(torch.randn(64, 16))).mean()
    gen_cost.backward(mone)
    optimizer_g.step()

    for p in aD.parameters():
        p.requires_grad_(True)
    for _ in range(3):
        aD.zero_grad()
        real_data = data[torch.randint(0, len(data), (64,))]
        fake_data = aG(torch.randn(64, 16)).detach()
        disc_real, disc_fake = aD(real_data).mean(), aD(fake_data).mean()
        disc_cost = disc_fake - disc_real + calc_gradient_penalty(real_data, fake_data)
        disc_cost.backward(one)
        optimizer_d.step()
    if iteration % 50 == 0:
        print(f"iter: {iteration} disc_cost {disc_cost.item():.4f} gen_cost {-gen_cost.item():.4f}")

with torch.no_grad():
    samples = aG(torch.randn(1000, 16)).transpose(1, 2).numpy()
ending(samples, x[:2000], d_loss=disc_cost.item(), g_loss=-gen_cost.item())
