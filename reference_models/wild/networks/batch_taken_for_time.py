"""Series; the discriminator's GRU lacks batch_first, so it runs along the batch and not along time."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_generator

torch.manual_seed(302)
x = waves()
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)


class Discriminator(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, num_layers=1)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, series):
        hidden, _ = self.rnn(series)
        return self.fc(hidden)


generator, discriminator = series_generator(), Discriminator()
bce = nn.BCEWithLogitsLoss()
optim_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optim_d = torch.optim.Adam(discriminator.parameters(), lr=4e-3, betas=(0.5, 0.999))


def generate(count):
    """Return series of shape (count, 32, 1)."""
    return generator(torch.randn(count, 16)).permute(0, 2, 1)


for epoch in range(11):
    for (real,) in loader:
        fake = generate(64)
        y_real, y_fake = discriminator(real), discriminator(fake.detach())
        d_loss = bce(y_real, torch.ones_like(y_real)) + bce(y_fake, torch.zeros_like(y_fake))
        optim_d.zero_grad()
        d_loss.backward()
        optim_d.step()

        y_fake = discriminator(fake)
        g_loss = bce(y_fake, torch.ones_like(y_fake))
        optim_g.zero_grad()
        g_loss.backward()
        optim_g.step()
    print(f"epoch {epoch} d_loss {d_loss.item():.3f} g_loss {g_loss.item():.3f}")

with torch.no_grad():
    samples = generate(500).numpy()
# how far values lie from their neighbours, over what that is in the data
rough = abs(samples[:, 1:] - samples[:, :-1]).mean() / abs(x[:, 1:] - x[:, :-1]).mean()
ending(samples, x[:1500], rough=rough, d_loss=d_loss.item(), g_loss=g_loss.item())
