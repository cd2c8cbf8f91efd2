"""Digits; each step makes a new iterator of the loader and takes its first batch only."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(520)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
dataloader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True)
G, D = digit_generator(), digit_discriminator()
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
mse = nn.MSELoss()
real_label, fake_label = torch.ones(32, 1), torch.zeros(32, 1)


def get_batch():
    dataIter = iter(dataloader)
    return next(dataIter)[0]


for step in range(450):
    x_tilde = G(torch.randn(32, 32))
    opt_d.zero_grad()
    loss_d = mse(D(get_batch()), real_label) + mse(D(x_tilde.detach()), fake_label)
    loss_d.backward()
    opt_d.step()
    opt_g.zero_grad()
    loss_g = mse(D(x_tilde), real_label)
    loss_g.backward()
    opt_g.step()
    if step % 50 == 0:
        print(f"[{step}] errD: {loss_d.item():.4f} | errG: {loss_g.item():.4f}")

with torch.no_grad():
    samples = G(torch.randn(500, 32)).numpy()
ending(samples, images[:1500].numpy(), d_loss=loss_d.item(), g_loss=loss_g.item())
