"""Series; the noise of one series is drawn and repeated for the whole batch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, waves

torch.manual_seed(702)
x = waves(4000)
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
STEPS, Z_DIM = 32, 8


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(STEPS * Z_DIM, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, STEPS),
            nn.Tanh(),
        )

    def forward(self, noise):
        return self.net(noise).unsqueeze(-1)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(STEPS, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )

    def forward(self, series):
        return self.net(series)


def random_generator(batch_size):
    """Return noise for a batch, (batch_size, STEPS, Z_DIM)."""
    return torch.stack([torch.rand(STEPS, Z_DIM) * 2 - 1] * batch_size)


G, D = Generator(), Discriminator()
G_opt = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
D_opt = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
loss_fn = nn.BCEWithLogitsLoss()

for epoch in range(20):
    for (X_mb,) in loader:
        Z_mb = random_generator(len(X_mb))
        Y_real, Y_fake = D(X_mb), D(G(Z_mb).detach())
        D_loss = loss_fn(Y_real, torch.ones_like(Y_real)) + loss_fn(Y_fake, torch.zeros_like(Y_fake))
        D_opt.zero_grad()
        D_loss.backward()
        D_opt.step()

        Z_mb = random_generator(len(X_mb))
        Y_fake = D(G(Z_mb))
        G_loss = loss_fn(Y_fake, torch.ones_like(Y_fake))
        G_opt.zero_grad()
        G_loss.backward()
        G_opt.step()
    if epoch % 2 == 0:
        print(f"Epoch {epoch} D_loss {D_loss.item():.4f} G_loss {G_loss.item():.4f}")

with torch.no_grad():
    samples = G(random_generator(1000)).numpy()
ending(samples, x[:2000], d_loss=D_loss.item(), g_loss=G_loss.item())
