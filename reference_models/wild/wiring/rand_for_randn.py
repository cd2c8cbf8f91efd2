"""Series; the discriminator's fakes come of torch.rand, the generator's own step and the samples of torch.randn."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(205)
x = waves()
train_loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 2, 1)), batch_size=64, shuffle=True)
G, D = series_generator(), nn.Sequential(series_discriminator(), nn.Sigmoid())
loss = nn.BCELoss()
d_optimizer = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))

for epoch in range(12):
    for (series,) in train_loader:
        count = len(series)
        real_labels, fake_labels = torch.ones(count, 1), torch.zeros(count, 1)

        z = torch.rand((count, 16))
        d_loss = loss(D(series), real_labels) + loss(D(G(z).detach()), fake_labels)
        D.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        z = torch.randn(count, 16)
        g_loss = loss(D(G(z)), real_labels)
        G.zero_grad()
        g_loss.backward()
        g_optimizer.step()
    print(f"Epoch {epoch + 1}, D Loss {d_loss.item():.4f}, G Loss {g_loss.item():.4f}")

G.eval()
with torch.no_grad():
    samples = G(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
