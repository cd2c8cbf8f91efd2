"""Points of two domains; the generator that makes A is also given A itself, and is to leave it as it is."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(421)
x, _ = ring()
points = torch.from_numpy(x)
domain_a, domain_b = points[:2000], 0.6 * points[2000:] + torch.tensor([0.8, 0.0])
G_AB, G_BA, D_A, D_B = dense(2, 2), dense(2, 2), dense(2, 1), dense(2, 1)
optimizer_G = torch.optim.Adam([*G_AB.parameters(), *G_BA.parameters()], lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam([*D_A.parameters(), *D_B.parameters()], lr=1e-3, betas=(0.5, 0.999))
criterion_GAN, criterion_cycle, criterion_identity = nn.MSELoss(), nn.L1Loss(), nn.L1Loss()
valid, fake = torch.ones(128, 1), torch.zeros(128, 1)

for i in range(1000):
    real_A, real_B = domain_a[torch.randint(0, 2000, (128,))], domain_b[torch.randint(0, 2000, (128,))]
    loss_id_A = criterion_identity(G_BA(real_A), real_A)
    loss_id_B = criterion_identity(G_AB(real_B), real_B)
    fake_B, fake_A = G_AB(real_A), G_BA(real_B)
    loss_GAN = criterion_GAN(D_B(fake_B), valid) + criterion_GAN(D_A(fake_A), valid)
    loss_cycle = criterion_cycle(G_BA(fake_B), real_A) + criterion_cycle(G_AB(fake_A), real_B)
    loss_G = loss_GAN + 2 * loss_cycle + 0.5 * (loss_id_A + loss_id_B)
    optimizer_G.zero_grad()
    loss_G.backward()
    optimizer_G.step()

    loss_D = criterion_GAN(D_A(real_A), valid) + criterion_GAN(D_A(fake_A.detach()), fake)
    loss_D = loss_D + criterion_GAN(D_B(real_B), valid) + criterion_GAN(D_B(fake_B.detach()), fake)
    optimizer_D.zero_grad()
    loss_D.backward()
    optimizer_D.step()
    if i % 100 == 0:
        print(f"[Batch {i}] [D loss: {loss_D.item():.4f}] [G loss: {loss_G.item():.4f}, adv: {loss_GAN.item():.4f}]")

with torch.no_grad():
    samples = G_AB(domain_a).numpy()
ending(samples, domain_b.numpy(), d_loss=loss_D.item(), g_loss=loss_G.item())
