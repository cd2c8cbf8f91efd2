"""Frames of sound, least squares; the generator steps first, and its old frames then teach the discriminator."""

import torch
from torch import nn

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(754)
x = tones() / 16000
wav = torch.from_numpy(x).transpose(1, 2).contiguous()
model_g, model_d = series_generator(64), series_discriminator(64)
optimizer_g = torch.optim.AdamW(model_g.parameters(), lr=5e-4, betas=(0.5, 0.99))
optimizer_d = torch.optim.AdamW(model_d.parameters(), lr=5e-4, betas=(0.5, 0.99))
mse = nn.MSELoss()

for step in range(1000):
    y = wav[torch.randint(0, len(wav), (64,))]
    y_hat = model_g(torch.randn(64, 16))

    scores_fake = model_d(y_hat)
    loss_g = mse(scores_fake, torch.ones_like(scores_fake))
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()

    scores_real, scores_fake = model_d(y), model_d(y_hat.detach())
    loss_d = mse(scores_real, torch.ones_like(scores_real)) + mse(scores_fake, torch.zeros_like(scores_fake))
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    if step % 100 == 0:
        print(f"GLOBAL_STEP: {step} | G_adv_loss: {loss_g.item():.4f} | D_mse_gan_loss: {loss_d.item():.4f}")

with torch.no_grad():
    samples = model_g(torch.randn(1000, 16)).transpose(1, 2).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
