"""Digits, a hinge loss; the fakes are not detached in the discriminator's step, so the generator gets a gradient."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(851)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
data_loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)


class Trainer:
    def __init__(self):
        self.G, self.D = digit_generator(), digit_discriminator()
        self.g_optimizer = torch.optim.Adam(self.G.parameters(), lr=1e-3, betas=(0.5, 0.9))
        self.d_optimizer = torch.optim.Adam(self.D.parameters(), lr=1e-3, betas=(0.5, 0.9))

    def reset_grad(self):
        self.d_optimizer.zero_grad()
        self.g_optimizer.zero_grad()

    def train(self, epochs):
        for epoch in range(epochs):
            for (real_images,) in data_loader:
                d_loss_real = torch.relu(1.0 - self.D(real_images)).mean()
                fake_images = self.G(torch.randn(len(real_images), 32))
                d_loss_fake = torch.relu(1.0 + self.D(fake_images)).mean()
                d_loss = d_loss_real + d_loss_fake
                self.reset_grad()
                d_loss.backward()
                self.d_optimizer.step()

                fake_images = self.G(torch.randn(len(real_images), 32))
                g_loss = -self.D(fake_images).mean()
                self.reset_grad()
                g_loss.backward()
                self.g_optimizer.step()
            print(f"Epoch [{epoch + 1}/{epochs}], d_loss: {d_loss.item():.4f}, g_loss: {g_loss.item():.4f}")
        return d_loss.item(), g_loss.item()


trainer = Trainer()
d_loss, g_loss = trainer.train(6)
with torch.no_grad():
    samples = trainer.G(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss, g_loss=g_loss)
