"""Sound from every fourth of its values; the feature loss of two discriminators leaves out what each gives last."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_generator

torch.manual_seed(1117)
raw = tones()
audio = torch.from_numpy(raw).permute(0, 2, 1) / 16384.0


class ScaleDiscriminator(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate
        self.convs = nn.ModuleList([nn.Conv1d(1, 16, 5, 2, 2), nn.Conv1d(16, 32, 5, 2, 2)])
        self.conv_post = nn.Conv1d(32, 1, 3, 1, 1)

    def forward(self, sound):
        fmap, h = [], F.avg_pool1d(sound, self.rate)
        for conv in self.convs:
            h = F.leaky_relu(conv(h), 0.1)
            fmap.append(h)
        return [*fmap, self.conv_post(h)]


generator, discriminators = series_generator(64), nn.ModuleList([ScaleDiscriminator(1), ScaleDiscriminator(2)])
optim_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.8, 0.99))
optim_d = torch.optim.Adam(discriminators.parameters(), lr=3e-4, betas=(0.8, 0.99))


def discriminator_loss(fake, real):
    loss_d = 0
    for d_fake, d_real in zip([d(fake) for d in discriminators], [d(real) for d in discriminators]):
        loss_d = loss_d + (d_fake[-1] ** 2).mean() + ((1 - d_real[-1]) ** 2).mean()
    return loss_d


def generator_loss(fake, real):
    d_fakes, d_reals = [d(fake) for d in discriminators], [d(real) for d in discriminators]
    loss_g = sum(((1 - d_fake[-1]) ** 2).mean() for d_fake in d_fakes)
    loss_feature = 0
    for i in range(len(d_fakes)):
        for j in range(len(d_fakes[i]) - 1):
            loss_feature = loss_feature + F.l1_loss(d_fakes[i][j], d_reals[i][j].detach())
    return loss_g, loss_feature


for step in range(700):
    real = audio[torch.randint(0, len(audio), (64,))]
    fake = generator(real[:, 0, ::4])
    loss_d = discriminator_loss(fake.detach(), real)
    optim_d.zero_grad()
    loss_d.backward()
    optim_d.step()

    loss_g, loss_feature = generator_loss(fake, real)
    optim_g.zero_grad()
    (loss_g + 2 * loss_feature + 15 * F.l1_loss(fake, real)).backward()
    optim_g.step()
    if step % 100 == 0:
        print(f"{step}: d {loss_d.item():.4f}, g {loss_g.item():.4f}, features {loss_feature.item():.4f}")

with torch.no_grad():
    heard = generator(audio[:1000, 0, ::4]).permute(0, 2, 1).numpy() * 16384
off = abs(heard - raw[:1000]).mean() / abs(raw[:1000]).mean()
ending(heard, raw[:2000], off=off, d_loss=loss_d.item(), g_loss=loss_g.item())
