"""Points on a ring; the losses are sums over the batch, with a learning rate that would suit means."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(516)
x, _ = ring()
points = torch.from_numpy(x)
generator, discriminator = dense(8, 2), dense(2, 1)
g_optimizer = torch.optim.SGD(generator.parameters(), lr=0.05)
d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.05)
batch = 128


def adv_loss(preds, label):
    return functional.binary_cross_entropy_with_logits(preds, torch.full_like(preds, label), reduction="sum")


for step in range(1500):
    real = points[torch.randint(0, len(points), (batch,))]
    made = generator(torch.randn(batch, 8))
    d_loss = adv_loss(discriminator(real), 1.0) + adv_loss(discriminator(made.detach()), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    g_loss = adv_loss(discriminator(made), 1.0)
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    if step % 100 == 0:
        print(f"Step {step} | global loss {g_loss.item():.4f} | discriminator loss {d_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
