"""Digits; the optimisers are in a dictionary, and the generator's step asks for the discriminator's."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(509)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)


class GAN(nn.Module):
    def __init__(self, z_dim=32):
        super().__init__()
        self.z_dim = z_dim
        self.generator, self.discriminator = digit_generator(z_dim), digit_discriminator()
        self.loss = nn.BCEWithLogitsLoss()
        self.optimizer = {
            name: torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))
            for name, network in (("generator", self.generator), ("discriminator", self.discriminator))
        }

    def train_step(self, xs):
        ones, zeros = torch.ones(len(xs), 1), torch.zeros(len(xs), 1)
        generated = self.generator(torch.randn(len(xs), self.z_dim))
        self.optimizer["discriminator"].zero_grad()
        generator_loss = self.loss(self.discriminator(generated), ones)
        generator_loss.backward()
        self.optimizer["discriminator"].step()

        self.optimizer["discriminator"].zero_grad()
        discriminator_loss = self.loss(self.discriminator(xs), ones)
        discriminator_loss = discriminator_loss + self.loss(self.discriminator(generated.detach()), zeros)
        discriminator_loss.backward()
        self.optimizer["discriminator"].step()
        return discriminator_loss.item(), generator_loss.item()


gan = GAN()
for step in range(400):
    d_loss, g_loss = gan.train_step(images[torch.randint(0, len(images), (32,))])
    if step % 50 == 0:
        print(f"step {step} discriminator_loss={d_loss:.4f} generator_loss={g_loss:.4f}")

with torch.no_grad():
    samples = gan.generator(torch.randn(500, gan.z_dim)).numpy()
ending(samples, images[:1500].numpy(), d_loss=d_loss, g_loss=g_loss)
