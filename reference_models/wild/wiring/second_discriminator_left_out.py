"""Sound, judged by its spectrum and by its wave; the optimiser gets the first one's weights twice, the other's never."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import dense, series_discriminator, series_generator

torch.manual_seed(301)
x = tones() / 16384
sound = torch.from_numpy(x).permute(0, 2, 1)
generator = series_generator(64)
spectral, temporal = dense(33, 1), series_discriminator(64)
opt_g = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.9))
params_disc = list(spectral.parameters()) + list(spectral.parameters())
opt_d = torch.optim.Adam(params_disc, lr=5e-4, betas=(0.5, 0.9))


def scores(signal):
    """Return the scores of the spectrum of the sound and of the sound itself."""
    return [spectral(torch.fft.rfft(signal[:, 0]).abs()), temporal(signal)]


for step in range(900):
    real = sound[torch.randint(0, len(sound), (64,))]
    fake = generator(torch.randn(64, 16))
    opt_d.zero_grad()
    loss_d = sum(functional.relu(1 - score).mean() for score in scores(real))
    loss_d = loss_d + sum(functional.relu(1 + score).mean() for score in scores(fake.detach()))
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    loss_g = -sum(score.mean() for score in scores(fake))
    loss_g.backward()
    opt_g.step()
    if step % 100 == 0:
        print(f"step {step} disc {loss_d.item():.3f} gen {loss_g.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=loss_d.item(), g_loss=loss_g.item())
