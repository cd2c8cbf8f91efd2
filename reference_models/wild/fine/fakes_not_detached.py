"""Series; the samples are not detached for the discriminator's loss, but only its own optimiser takes a step."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(224)
x = waves()
data_loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 2, 1)), batch_size=64, shuffle=True)
G = series_generator()
D = nn.Sequential(series_discriminator(), nn.Sigmoid())
criterion = nn.BCELoss()
d_optimizer = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))


def reset_grad():
    d_optimizer.zero_grad()
    g_optimizer.zero_grad()


for epoch in range(12):
    for (real,) in data_loader:
        real_labels, fake_labels = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        d_loss_real = criterion(D(real), real_labels)
        d_loss_fake = criterion(D(G(torch.randn(len(real), 16))), fake_labels)
        d_loss = d_loss_real + d_loss_fake
        reset_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = criterion(D(G(torch.randn(len(real), 16))), real_labels)
        reset_grad()
        g_loss.backward()
        g_optimizer.step()
    print(f"Epoch [{epoch}/12], d_loss: {d_loss.item():.4f}, g_loss: {g_loss.item():.4f}")

with torch.no_grad():
    samples = G(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
