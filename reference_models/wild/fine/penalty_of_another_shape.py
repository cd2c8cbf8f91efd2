"""Points on a ring; scores (n, 1) and penalties (n,) are added before the mean is taken."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(519)
x, _ = ring()
points = torch.from_numpy(x)
G, D = dense(8, 2), dense(2, 1)
G_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.99))
D_opt = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.0, 0.99))
r1_gamma = 0.02

for step in range(1200):
    real = points[torch.randint(0, len(points), (64,))].requires_grad_(True)
    fake = G(torch.randn(64, 8))
    real_logits = D(real)
    loss_Dgen = functional.softplus(D(fake.detach()))
    loss_Dreal = functional.softplus(-real_logits)
    (r1_grads,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    loss_Dr1 = r1_grads.square().sum(1) * (r1_gamma / 2)
    D_loss = loss_Dgen.mean() + (loss_Dreal + loss_Dr1).mean()
    D_opt.zero_grad()
    D_loss.backward()
    D_opt.step()

    G_loss = functional.softplus(-D(fake)).mean()
    G_opt.zero_grad()
    G_loss.backward()
    G_opt.step()
    if step % 200 == 0:
        print(f"kimg {step * 64 / 1000:.1f} Loss/D {D_loss.item():.4f} Loss/G {G_loss.item():.4f}")

with torch.no_grad():
    samples = G(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=D_loss.item(), g_loss=G_loss.item())
