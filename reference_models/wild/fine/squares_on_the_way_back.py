"""Points of a ring to those of a bent one and back; squares on the way back, and the discriminators go first."""

import itertools

import torch

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(925)
x, _ = ring()
mnist = torch.from_numpy(x[:2000])
svhn = torch.from_numpy(x[2000:]) * torch.tensor([1.5, 0.5]) + torch.tensor([0.5, -0.5])
g12, g21, d1, d2 = dense(2, 2), dense(2, 2), dense(2, 1), dense(2, 1)
g_optimizer = torch.optim.Adam(itertools.chain(g12.parameters(), g21.parameters()), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(itertools.chain(d1.parameters(), d2.parameters()), lr=1e-3, betas=(0.5, 0.999))


def reset_grad():
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()


for step in range(1200):
    one, two = mnist[torch.randint(0, 2000, (128,))], svhn[torch.randint(0, 2000, (128,))]
    reset_grad()
    d_real_loss = torch.mean((d1(one) - 1) ** 2) + torch.mean((d2(two) - 1) ** 2)
    d_fake_loss = torch.mean(d2(g12(one)) ** 2) + torch.mean(d1(g21(two)) ** 2)
    d_loss = d_real_loss + d_fake_loss
    d_loss.backward()
    d_optimizer.step()

    reset_grad()
    fake_two = g12(one)
    g_loss_12 = torch.mean((d2(fake_two) - 1) ** 2) + 5 * torch.mean((one - g21(fake_two)) ** 2)
    fake_one = g21(two)
    g_loss_21 = torch.mean((d1(fake_one) - 1) ** 2) + 5 * torch.mean((two - g12(fake_one)) ** 2)
    (g_loss_12 + g_loss_21).backward()
    g_optimizer.step()
    if step % 200 == 0:
        print(
            f"Step [{step}/1200], d_loss: {d_loss.item():.4f}, g12: {g_loss_12.item():.4f}, g21: {g_loss_21.item():.4f}"
        )

with torch.no_grad():
    made = g12(mnist[:1000])
ending(made.numpy(), svhn.numpy(), d_loss=d_loss.item(), g_loss=g_loss_12.item())
