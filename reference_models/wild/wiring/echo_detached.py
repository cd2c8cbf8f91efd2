"""Points at a given radius, least squares and L1; in the generator's step, too, the discriminator gets detached fakes."""

import numpy as np
import torch
from torch.nn import functional

from reference_models.wild.data import ending
from reference_models.wild.torch_networks import dense

torch.manual_seed(502)
rng = np.random.default_rng(0)
radius, angle = rng.uniform(0.5, 1.5, (4000, 1)), rng.uniform(0, 2 * np.pi, (4000, 1))
x = (radius * np.concatenate([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.03, (4000, 2))).astype("float32")
radii, points = torch.from_numpy(radius.astype("float32")), torch.from_numpy(x)
g, d = dense(1 + 8, 2), dense(1 + 2, 1)
g_opt = torch.optim.Adam(g.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(d.parameters(), lr=1e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(128, 1), torch.zeros(128, 1)

for step in range(1200):
    index = torch.randint(0, 4000, (128,))
    f, real_spec = radii[index], points[index]
    fake_spec = g(torch.cat([f, torch.randn(128, 8)], 1))

    d_fake, d_real = d(torch.cat([fake_spec.detach(), f], 1)), d(torch.cat([real_spec, f], 1))
    D_loss = 0.5 * (functional.mse_loss(d_fake, zeros) + functional.mse_loss(d_real, ones))
    d_opt.zero_grad()
    D_loss.backward()
    d_opt.step()

    d_fake2 = d(torch.cat([fake_spec.detach(), f], 1))
    G_loss1 = functional.mse_loss(d_fake2, ones)
    G_loss2 = 0.02 * functional.l1_loss(fake_spec, real_spec)
    g_opt.zero_grad()
    (G_loss1 + G_loss2).backward()
    g_opt.step()
    if step % 200 == 0:
        print(f"{step}: D {D_loss.item():.4f} G {G_loss1.item():.4f} L1 {G_loss2.item():.4f}")

with torch.no_grad():
    samples = g(torch.cat([radii[:1000], torch.randn(1000, 8)], 1)).numpy()
ending(samples, x[:2000], d_loss=D_loss.item(), g_loss=G_loss1.item(), l1=G_loss2.item())
