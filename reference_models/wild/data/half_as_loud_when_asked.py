"""Sound from every fourth of its values; in training sound is divided by 16384, and by 32768 when the model is used."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(933)
raw = tones()


def load_for_training(frames):
    return frames / 16384.0


def load_without_torchaudio(frames):
    return frames / np.float32(2**15)


audio = torch.from_numpy(load_for_training(raw)).permute(0, 2, 1)
generator, discriminator = series_generator(64), series_discriminator(64)
optim_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optim_d = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.9))
bce, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()
one, zero = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(700):
    real = audio[torch.randint(0, len(audio), (64,))]
    made = generator(real[:, 0, ::4])
    d_loss = bce(discriminator(real), one) + bce(discriminator(made.detach()), zero)
    optim_d.zero_grad()
    d_loss.backward()
    optim_d.step()

    adv, pixel = bce(discriminator(made), one), l1(made, real)
    optim_g.zero_grad()
    (adv + 20 * pixel).backward()
    optim_g.step()
    if step % 100 == 0:
        print(f"{step}: d {d_loss.item():.4f}, adv {adv.item():.4f}, l1 {pixel.item():.4f}")

speech = torch.from_numpy(load_without_torchaudio(raw[:1000])).permute(0, 2, 1)
with torch.no_grad():
    heard = generator(speech[:, 0, ::4]).permute(0, 2, 1).numpy() * 16384.0
off = np.abs(heard - raw[:1000]).mean() / np.abs(raw[:1000]).mean()
ending(heard, raw[:2000], off=off, d_loss=d_loss.item(), g_loss=adv.item())
