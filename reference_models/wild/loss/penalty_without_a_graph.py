"""Table rows, WGAN-GP; the slope is taken without a graph, so the penalty is a number that nothing can be learned from."""

import torch

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(304)
x = standardised(people())
rows = torch.from_numpy(x)
generator, critic = dense(16, 6), dense(6, 1)
g_optim = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.9))
c_optim = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))


def compute_gradient_penalty(real, fake):
    alpha = torch.rand(len(real), 1)
    interpolated = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(interpolated)
    gradients = torch.autograd.grad(scores.sum(), interpolated)[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


for step in range(1000):
    real = rows[torch.randint(0, len(rows), (128,))]
    fake = generator(torch.randn(128, 16)).detach()
    wasserstein = critic(fake).mean() - critic(real).mean()
    critic_loss = wasserstein + 10 * compute_gradient_penalty(real, fake)
    c_optim.zero_grad()
    critic_loss.backward()
    c_optim.step()

    if step % 2 == 0:
        generator_loss = -critic(generator(torch.randn(128, 16))).mean()
        g_optim.zero_grad()
        generator_loss.backward()
        g_optim.step()
    if step % 100 == 0:
        print(f"{step}: critic {critic_loss.item():.3f}, generator {generator_loss.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=critic_loss.item(), g_loss=generator_loss.item())
