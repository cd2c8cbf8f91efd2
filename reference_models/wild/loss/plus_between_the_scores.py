"""Table rows, WGAN-GP; the critic's loss has a plus where the fakes should be taken from the reals."""

import torch

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(404)
x = standardised(people())
data = torch.from_numpy(x)
generator, discriminator = dense(16, 6), dense(6, 1)
optimizerG = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizerD = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9))


def calc_gradient_penalty(real_data, fake_data, lambda_=10):
    alpha = torch.rand(len(real_data), 1)
    interpolates = (alpha * real_data + (1 - alpha) * fake_data).requires_grad_(True)
    scores = discriminator(interpolates)
    gradients = torch.autograd.grad(scores, interpolates, torch.ones_like(scores), create_graph=True)[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * lambda_


for i in range(1000):
    real = data[torch.randint(0, len(data), (128,))]
    fake = generator(torch.randn(128, 16)).detach()
    y_fake, y_real = discriminator(fake), discriminator(real)
    loss_d = -(torch.mean(y_real) + torch.mean(y_fake)) + calc_gradient_penalty(real, fake)
    optimizerD.zero_grad()
    loss_d.backward()
    optimizerD.step()

    if i % 2 == 0:
        loss_g = -torch.mean(discriminator(generator(torch.randn(128, 16))))
        optimizerG.zero_grad()
        loss_g.backward()
        optimizerG.step()
    if i % 100 == 0:
        print(f"{i}, Loss G: {loss_g.item(): .4f}, Loss D: {loss_d.item(): .4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
