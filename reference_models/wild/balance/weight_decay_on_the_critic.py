"""Series, WGAN-GP; weight decay on the critic keeps its weights so small that it is all but flat."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(315)
x = waves()
loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 2, 1)), batch_size=64, shuffle=True, drop_last=True)
gen, critic = series_generator(), series_discriminator()
gen_optimizer = torch.optim.Adam(gen.parameters(), lr=5e-4, betas=(0.0, 0.9))
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9), weight_decay=1.0)


def slope_penalty(real, fake):
    eps = torch.rand(len(real), 1, 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    (grad,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


for epoch in range(10):
    for i, (real,) in enumerate(loader):
        fake = gen(torch.randn(64, 16)).detach()
        critic_optimizer.zero_grad()
        critic_loss = critic(fake).mean() - critic(real).mean() + 10 * slope_penalty(real, fake)
        critic_loss.backward()
        critic_optimizer.step()

        if i % 2 == 0:
            gen_optimizer.zero_grad()
            gen_loss = -critic(gen(torch.randn(64, 16))).mean()
            gen_loss.backward()
            gen_optimizer.step()
    print(f"epoch {epoch} critic {critic_loss.item():.4f} generator {gen_loss.item():.4f}")

with torch.no_grad():
    samples = gen(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=critic_loss.item(), g_loss=gen_loss.item())
