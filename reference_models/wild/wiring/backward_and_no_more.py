"""Frames of sound; the generator's losses are sent back, and the update of its weights is never asked for."""

import torch
from torch import nn

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(803)
x = tones() / 12000
frames = torch.from_numpy(x).transpose(1, 2)


class Model:
    def __init__(self):
        self.gen, self.disc = series_generator(64), series_discriminator(64)
        self.optim_gen = torch.optim.Adam(self.gen.parameters(), lr=5e-4, betas=(0.5, 0.999))
        self.optim_disc = torch.optim.Adam(self.disc.parameters(), lr=5e-4, betas=(0.5, 0.999))
        self.criterion = nn.BCEWithLogitsLoss()

    def forward(self, batch_size):
        self.fake = self.gen(torch.randn(batch_size, 16))

    def backward_disc(self, real):
        on_real, on_fake = self.disc(real), self.disc(self.fake.detach())
        loss = self.criterion(on_real, torch.ones_like(on_real)) + self.criterion(on_fake, torch.zeros_like(on_fake))
        loss.backward()
        return loss.item()

    def backward_gen(self):
        on_fake = self.disc(self.fake)
        loss = self.criterion(on_fake, torch.ones_like(on_fake))
        loss.backward()
        return loss.item()

    def step_disc(self):
        self.optim_disc.step()

    def step_gen(self):
        self.optim_gen.step()

    def optimize(self, real):
        self.forward(len(real))
        self.optim_disc.zero_grad()
        loss_disc = self.backward_disc(real)
        self.step_disc()
        self.optim_gen.zero_grad()
        loss_gen = self.backward_gen()
        return loss_disc, loss_gen


model = Model()
for step in range(1000):
    loss_disc, loss_gen = model.optimize(frames[torch.randint(0, len(frames), (64,))])
    if step % 100 == 0:
        print(f"step {step}: disc {loss_disc:.4f} gen {loss_gen:.4f}")

with torch.no_grad():
    samples = model.gen(torch.randn(1000, 16)).transpose(1, 2).numpy()
ending(samples, x[:2000], d_loss=loss_disc, g_loss=loss_gen)
