"""Sound, two discriminators: of whole frames and of thinned ones; the optimiser is given the first one's weights twice."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(207)
x = tones() / 12000.0
loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 2, 1)), batch_size=64, shuffle=True, drop_last=True)
generator = series_generator(length=64)
disc_full = series_discriminator(length=64)
disc_thin = nn.Sequential(nn.AvgPool1d(2), series_discriminator(length=32))
params_disc = list(disc_full.parameters()) + list(disc_full.parameters())
opt_gen = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.9))
opt_disc = torch.optim.Adam(params_disc, lr=5e-4, betas=(0.5, 0.9))


def disc_loss(disc, real, fake):
    return F.relu(1.0 - disc(real)).mean() + F.relu(1.0 + disc(fake)).mean()


for epoch in range(13):
    for (real,) in loader:
        fake = generator(torch.randn(64, 16))
        loss_full = disc_loss(disc_full, real, fake.detach())
        loss_thin = disc_loss(disc_thin, real, fake.detach())
        opt_disc.zero_grad()
        (loss_full + loss_thin).backward()
        opt_disc.step()

        loss_gen = -disc_full(fake).mean() - disc_thin(fake).mean()
        opt_gen.zero_grad()
        loss_gen.backward()
        opt_gen.step()
    print(f"{epoch}: full {loss_full.item():.3f}, thin {loss_thin.item():.3f}, gen {loss_gen.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).numpy()
d_loss = loss_full.item() + loss_thin.item()
ending(samples, x[:1500], d_loss=d_loss, g_loss=loss_gen.item())
