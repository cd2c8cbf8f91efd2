"""Points of one domain to another and back; the discriminators are shown the real points where translated ones belong."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(401)
x, _ = ring()
points = torch.from_numpy(x)
a, b = points[:2000], 0.5 * points[2000:] + torch.tensor([1.5, -0.5])
gen_a2b, gen_b2a = dense(2, 2), dense(2, 2)
dis_a, dis_b = dense(2, 1), dense(2, 1)
g_optim = torch.optim.Adam([*gen_a2b.parameters(), *gen_b2a.parameters()], lr=1e-3, betas=(0.5, 0.999))
d_optim = torch.optim.Adam([*dis_a.parameters(), *dis_b.parameters()], lr=1e-3, betas=(0.5, 0.999))
mse, l1 = nn.MSELoss(), nn.L1Loss()
real_label, fake_label = torch.ones(128, 1), torch.zeros(128, 1)


def update_generator(discriminator, generated, source, recovered):
    """Return what one generator has to answer for: its own points, and that the way back leads to the start."""
    return mse(discriminator(generated), real_label) + 10 * l1(recovered, source)


for step in range(1000):
    real_a, real_b = a[torch.randint(0, 2000, (128,))], b[torch.randint(0, 2000, (128,))]
    fake_b, fake_a = gen_a2b(real_a), gen_b2a(real_b)
    g_loss = update_generator(dis_b, real_b, real_a, gen_b2a(fake_b))
    g_loss = g_loss + update_generator(dis_a, real_a, real_b, gen_a2b(fake_a))
    g_optim.zero_grad()
    g_loss.backward()
    g_optim.step()

    d_loss = mse(dis_a(real_a), real_label) + mse(dis_a(fake_a.detach()), fake_label)
    d_loss = d_loss + mse(dis_b(real_b), real_label) + mse(dis_b(fake_b.detach()), fake_label)
    d_optim.zero_grad()
    d_loss.backward()
    d_optim.step()
    if step % 100 == 0:
        print(f"[{step}] generators {g_loss.item():.4f} discriminators {d_loss.item():.4f}")

with torch.no_grad():
    samples = gen_a2b(a).numpy()
ending(samples, b.numpy(), d_loss=d_loss.item(), g_loss=g_loss.item())
