"""Table rows, a hinge loss; every mean over the batch is divided by the size of the batch once more."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(522)
x = standardised(people())
rows = torch.from_numpy(x)
G, D = dense(16, 6), dense(6, 1)
opt_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.99))
opt_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.0, 0.99))
batch_size = 64

for step in range(1200):
    real = rows[torch.randint(0, len(rows), (batch_size,))]
    gen = G(torch.randn(batch_size, 16))
    gen_logits, real_logits = D(gen.detach()), D(real)
    loss_gen = functional.relu(torch.ones_like(gen_logits) + gen_logits).mean() / batch_size
    loss_real = functional.relu(torch.ones_like(real_logits) - real_logits).mean() / batch_size
    opt_D.zero_grad()
    (loss_gen + loss_real).backward()
    opt_D.step()

    loss_G = -D(gen).mean() / batch_size
    opt_G.zero_grad()
    loss_G.backward()
    opt_G.step()
    if step % 200 == 0:
        print(f"{step} D {loss_gen.item() + loss_real.item():.5f} G {loss_G.item():.5f}")

with torch.no_grad():
    samples = G(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_gen.item() + loss_real.item(), g_loss=loss_G.item())
