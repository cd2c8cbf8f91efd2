"""Sound; the discriminator ends in a sigmoid and the loss, made for logits, applies one again."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(216)
x = tones() / 12000.0
loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 2, 1)), batch_size=64, shuffle=True, drop_last=True)
generator = series_generator(length=64)
discriminator = nn.Sequential(series_discriminator(length=64), nn.Sigmoid())
loss_fn = nn.BCEWithLogitsLoss()
g_opt = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))

for epoch in range(15):
    d_total = g_total = 0.0
    for (real,) in loader:
        fake = generator(torch.randn(64, 16))
        on_real, on_fake = discriminator(real), discriminator(fake.detach())
        d_loss = loss_fn(on_real, torch.ones_like(on_real)) + loss_fn(on_fake, torch.zeros_like(on_fake))
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()

        output = discriminator(fake)
        g_loss = loss_fn(output, torch.ones_like(output))
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
        d_total += d_loss.item() / len(loader)
        g_total += g_loss.item() / len(loader)
    print(f"epoch {epoch}: d_loss {d_total:.4f}, g_loss {g_total:.4f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=d_total, g_loss=g_total)
