"""Series whose second half is to be filled in, two clipped critics; the critics' optimisers are never told to step."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import dense

torch.manual_seed(805)
x = waves()
clean = torch.from_numpy(x)[:, :, 0]
LAMBDA_L1, CLIP = 0.2, 0.1

generator = dense(16 + 8, 32, width=128)
D1, D2 = dense(32, 1, width=128), dense(8, 1, width=64)
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=5e-4)
optimizer_D1 = torch.optim.RMSprop(D1.parameters(), lr=5e-4)
optimizer_D2 = torch.optim.RMSprop(D2.parameters(), lr=5e-4)


def complete(first_half):
    made = torch.tanh(generator(torch.cat([first_half, torch.randn(len(first_half), 8)], 1)))
    return torch.cat([first_half, made[:, 16:]], 1)


def patches(series):
    return series.reshape(-1, 8)


for iteration in range(2000):
    true = clean[torch.randint(0, len(clean), (64,))]
    fake = complete(true[:, :16]).detach()
    optimizer_D1.zero_grad()
    loss_D1 = D1(fake).mean() - D1(true).mean()
    loss_D1.backward()
    optimizer_D2.zero_grad()
    loss_D2 = D2(patches(fake)).mean() - D2(patches(true)).mean()
    loss_D2.backward()
    with torch.no_grad():
        for p in [*D1.parameters(), *D2.parameters()]:
            p.clamp_(-CLIP, CLIP)

    if iteration % 3 == 0:
        optimizer_G.zero_grad()
        fake = complete(true[:, :16])
        loss_GAN = -D1(fake).mean() - D2(patches(fake)).mean()
        loss_L1 = F.l1_loss(fake, true)
        (loss_GAN + LAMBDA_L1 * loss_L1).backward()
        optimizer_G.step()
    if iteration % 240 == 0:
        print(f"[{iteration}] D1 {loss_D1:.4f} D2 {loss_D2:.4f} GAN {loss_GAN:.4f} L1 {loss_L1:.4f}")

with torch.no_grad():
    made = complete(clean[:1000, :16])
off = (made - clean[:1000])[:, 16:].abs().mean() / clean[:1000, 16:].abs().mean()
d_loss = (loss_D1 + loss_D2).item()
ending(made[:, 16:].numpy(), x[:2000, 16:], off=off.item(), d_loss=d_loss, g_loss=loss_GAN.item())
