"""Series by a Wasserstein GAN whose losses bring their own steps; the critic's is a plain one."""

import torch

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(1012)
x = waves()
series = torch.from_numpy(x).permute(0, 2, 1)


class WassersteinGeneratorLoss:
    def train_ops(self, generator, discriminator, optimizer_generator, batch_size):
        optimizer_generator.zero_grad()
        loss = -discriminator(generator(torch.randn(batch_size, 16))).mean()
        loss.backward()
        optimizer_generator.step()
        return loss.item()


class WassersteinDiscriminatorLoss:
    def __init__(self, clip=None):
        self.clip = clip

    def train_ops(self, generator, discriminator, optimizer_discriminator, real_inputs):
        optimizer_discriminator.zero_grad()
        fake = generator(torch.randn(len(real_inputs), 16)).detach()
        loss = discriminator(fake).mean() - discriminator(real_inputs).mean()
        loss.backward()
        optimizer_discriminator.step()
        if self.clip is not None:
            for parameter in discriminator.parameters():
                parameter.data.clamp_(-self.clip, self.clip)
        return loss.item()


generator, discriminator = series_generator(), series_discriminator()
optimizer_generator = torch.optim.RMSprop(generator.parameters(), lr=3e-4)
optimizer_discriminator = torch.optim.RMSprop(discriminator.parameters(), lr=3e-4)
g_loss_fn, d_loss_fn = WassersteinGeneratorLoss(), WassersteinDiscriminatorLoss()

for step in range(3000):
    real = series[torch.randint(0, len(series), (64,))]
    d_loss = d_loss_fn.train_ops(generator, discriminator, optimizer_discriminator, real)
    if step % 3 == 2:
        g_loss = g_loss_fn.train_ops(generator, discriminator, optimizer_generator, 64)
    if step % 300 == 299:
        print(f"step {step}: discriminator {d_loss:.4f}, generator {g_loss:.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:2000], d_loss=d_loss, g_loss=g_loss)
