"""Table rows; in the generator's step, too, the samples are detached, so that the discriminator be left alone."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(203)
x = standardised(people())
rows = torch.from_numpy(x)
G, D = dense(16, 6), dense(6, 1)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9))
valid, invalid = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(900):
    real = rows[torch.randint(0, len(rows), (64,))]

    opt_d.zero_grad()
    fake = G(torch.randn(64, 16)).detach()
    d_loss = F.binary_cross_entropy_with_logits(D(real), valid)
    d_loss = d_loss + F.binary_cross_entropy_with_logits(D(fake), invalid)
    d_loss.backward()
    opt_d.step()

    opt_g.zero_grad()
    fake = G(torch.randn(64, 16))
    g_loss = F.binary_cross_entropy_with_logits(D(fake.detach()), valid)
    g_loss.backward()
    opt_g.step()

    if step % 100 == 0:
        print(f"[{step}/900] Loss_D: {d_loss.item():.4f} Loss_G: {g_loss.item():.4f}")

with torch.no_grad():
    samples = G(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
