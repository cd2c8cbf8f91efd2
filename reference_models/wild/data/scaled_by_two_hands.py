"""Series by a TimeGAN in PyTorch; the loader scales them, and the model scales what it is given."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator

torch.manual_seed(1209)
raw = 0.6 * waves() + np.linspace(0.0, 0.8, 32)[None, :, None]


def MinMaxScaler(data):
    """Return data on 0 to 1, each moment by its own range."""
    low, high = data.min(0), data.max(0)
    return (data - low) / (high - low + 1e-7)


def load_sines():
    return ((raw + 1.0) / 3.0).astype("float32")


class Generator(nn.Module):
    def __init__(self, z_dim=16, hidden=32):
        super().__init__()
        self.start = nn.Sequential(nn.Linear(z_dim, 8 * hidden), nn.LeakyReLU(0.2), nn.Unflatten(1, (hidden, 8)))
        self.body = nn.Sequential(
            nn.ConvTranspose1d(hidden, hidden, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose1d(hidden, hidden, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(hidden, 1, 5, padding=2),
            nn.Sigmoid(),
        )

    def forward(self, z):
        return self.body(self.start(z))


def timegan(ori_data, iterations=1200, batch_size=64):
    ori_data = MinMaxScaler(ori_data)
    series = torch.from_numpy(ori_data.astype("float32")).permute(0, 2, 1)
    generator, discriminator = Generator(), series_discriminator()
    g_solver = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    d_solver = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    bce = nn.BCEWithLogitsLoss()
    for itt in range(iterations):
        x, z = series[torch.randint(0, len(series), (batch_size,))], torch.randn(batch_size, 16)
        x_hat = generator(z)
        y_real, y_fake = discriminator(x), discriminator(x_hat.detach())
        d_loss = bce(y_real, torch.ones_like(y_real)) + bce(y_fake, torch.zeros_like(y_fake))
        d_solver.zero_grad()
        d_loss.backward()
        d_solver.step()

        y_fake = discriminator(x_hat)
        moments = (x_hat.mean(0) - x.mean(0)).abs().mean() + (x_hat.std(0) - x.std(0)).abs().mean()
        g_loss = bce(y_fake, torch.ones_like(y_fake))
        g_solver.zero_grad()
        (g_loss + moments).backward()
        g_solver.step()
        if itt % 200 == 0:
            print(f"step: {itt}, d_loss: {d_loss.item():.4f}, g_loss_u: {g_loss.item():.4f}")
    with torch.no_grad():
        generated = generator(torch.randn(1000, 16)).permute(0, 2, 1).numpy()
    return generated, d_loss.item(), g_loss.item()


ori_data = load_sines()
generated_data, d_loss, g_loss = timegan(ori_data)
ending(generated_data, ori_data[:2000], d_loss=d_loss, g_loss=g_loss)
