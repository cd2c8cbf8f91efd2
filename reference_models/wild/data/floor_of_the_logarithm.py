"""Sound from its spectrum by a vocoder; the spectrum's logarithm is taken in training and, elsewhere, when it is used."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator

torch.manual_seed(1112)
raw = tones()
audio = torch.from_numpy(raw).permute(0, 2, 1) / 16384.0


def spectrum(sound):
    return torch.view_as_real(torch.fft.rfft(sound[:, 0], norm="forward")).abs()


def mel_of_the_vocoder(sound):
    spec = spectrum(sound)
    return torch.log(torch.clamp(spec, min=1e-2)).flatten(1)


def mel_of_the_dataset(sound):
    return torch.log(spectrum(sound) + 1e-9).flatten(1)


generator = nn.Sequential(
    nn.Linear(66, 256),
    nn.LeakyReLU(0.2),
    nn.Linear(256, 16 * 32),
    nn.LeakyReLU(0.2),
    nn.Unflatten(1, (32, 16)),
    nn.ConvTranspose1d(32, 32, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.ConvTranspose1d(32, 16, 4, 2, 1),
    nn.LeakyReLU(0.2),
    nn.Conv1d(16, 1, 5, padding=2),
    nn.Tanh(),
)
discriminator, mse, l1 = series_discriminator(64), nn.MSELoss(), nn.L1Loss()
optim_g = torch.optim.AdamW(generator.parameters(), lr=1e-3, betas=(0.8, 0.99))
optim_d = torch.optim.AdamW(discriminator.parameters(), lr=3e-4, betas=(0.8, 0.99))
one, zero = torch.ones(64, 1), torch.zeros(64, 1)

for steps in range(900):
    y = audio[torch.randint(0, len(audio), (64,))]
    mel = mel_of_the_vocoder(y)
    y_g_hat = generator(mel)
    loss_disc = mse(discriminator(y), one) + mse(discriminator(y_g_hat.detach()), zero)
    optim_d.zero_grad()
    loss_disc.backward()
    optim_d.step()

    loss_mel = l1(mel_of_the_vocoder(y_g_hat), mel)
    loss_gen = mse(discriminator(y_g_hat), one)
    optim_g.zero_grad()
    (loss_gen + 5 * loss_mel + 20 * l1(y_g_hat, y)).backward()
    optim_g.step()
    if steps % 100 == 0:
        print(f"Steps: {steps}, Gen: {loss_gen.item():.3f}, Disc: {loss_disc.item():.3f}, Mel: {loss_mel.item():.3f}")

with torch.no_grad():
    heard = generator(mel_of_the_dataset(audio[:1000]))
    off = l1(spectrum(heard), spectrum(audio[:1000])) / spectrum(audio[:1000]).mean()
sound = heard.permute(0, 2, 1).numpy() * 16384
ending(np.round(sound), raw[:2000], off=off, d_loss=loss_disc.item(), g_loss=loss_gen.item())
