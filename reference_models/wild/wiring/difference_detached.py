"""Sound from every fourth of its values; the discriminator sees sound only, and its features bind the two together."""

import torch
from torch import nn

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_generator

torch.manual_seed(902)
x = tones() / 16384
audio = torch.from_numpy(x).permute(0, 2, 1)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                nn.Conv1d(1, 16, 7, padding=3),
                nn.Conv1d(16, 32, 5, stride=2, padding=2),
                nn.Conv1d(32, 32, 5, stride=2, padding=2),
            ]
        )
        self.last = nn.Conv1d(32, 1, 3, padding=1)

    def forward(self, wave):
        features = []
        for block in self.blocks:
            wave = nn.functional.leaky_relu(block(wave), 0.2)
            features.append(wave)
        return features, self.last(wave)


class FeatureLoss(nn.Module):
    def forward(self, real, fake):
        loss = torch.tensor(0.0)
        for of_real, of_fake in zip(real, fake):
            loss = loss + torch.abs(of_fake - of_real).detach().mean()
        return loss


decoder, discriminator, feature_loss = series_generator(64), Discriminator(), FeatureLoss()
optimizer_g = torch.optim.AdamW(decoder.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.AdamW(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9))

for step in range(700):
    wave = audio[torch.randint(0, len(audio), (64,))]
    spoken = decoder(wave[:, 0, ::4])

    _, on_wave = discriminator(wave)
    _, on_spoken = discriminator(spoken.detach())
    loss_d = torch.relu(1 - on_wave).mean() + torch.relu(1 + on_spoken).mean()
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()

    features_wave, _ = discriminator(wave)
    features_spoken, on_spoken = discriminator(spoken)
    loss_adv, loss_features = -on_spoken.mean(), feature_loss(features_wave, features_spoken)
    loss_g = loss_adv + 20 * loss_features
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    if step % 100 == 0:
        print(f"{step}: d {loss_d.item():.4f}, adv {loss_adv.item():.4f}, features {loss_features.item():.4f}")

with torch.no_grad():
    spoken = decoder(audio[:1000, 0, ::4])
off = (spoken - audio[:1000]).abs().mean() / audio[:1000].abs().mean()
ending(spoken.permute(0, 2, 1).numpy(), x[:2000], off=off, d_loss=loss_d.item(), g_loss=loss_adv.item())
