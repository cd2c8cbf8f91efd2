"""The lower half of digits from the upper one, by a nowcasting model with a hinge loss and a loss of each cell."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(1119)
x, _ = digits()
radar = torch.from_numpy(x).permute(0, 3, 1, 2)


class Sampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(16 * 7 * 14, 128), nn.LeakyReLU(0.2)
        )
        self.decode = nn.Sequential(
            nn.Linear(128 + 8, 16 * 7 * 14),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (16, 7, 14)),
            nn.ConvTranspose2d(16, 16, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(16, 1, 5, padding=2),
            nn.Tanh(),
        )

    def forward(self, images):
        return self.decode(torch.cat([self.encode(images), torch.randn(len(images), 8)], 1))


class DGMR(nn.Module):
    def __init__(self, grid_lambda=10.0):
        super().__init__()
        self.generator, self.discriminator, self.grid_lambda = Sampler(), digit_discriminator(), grid_lambda

    def loss_hinge_disc(self, score_generated, score_real):
        return F.relu(1 - score_real).mean() + F.relu(1 + score_generated).mean()

    def loss_hinge_gen(self, score_generated):
        return -score_generated.mean()

    def training_step(self, batch, d_opt, g_opt):
        images, future = batch[:, :, :14], batch[:, :, 14:]
        predictions = self.generator(images)
        generated_sequence = torch.cat([images, predictions], 2)
        d_loss = self.loss_hinge_disc(self.discriminator(generated_sequence.detach()), self.discriminator(batch))
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()

        generator_disc_loss = self.loss_hinge_gen(generated_sequence)
        grid_cell_reg = F.mse_loss(predictions, future)
        g_loss = generator_disc_loss + self.grid_lambda * grid_cell_reg
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
        return d_loss.item(), generator_disc_loss.item(), grid_cell_reg.item()


model = DGMR()
g_opt = torch.optim.Adam(model.generator.parameters(), lr=1e-3, betas=(0.0, 0.999))
d_opt = torch.optim.Adam(model.discriminator.parameters(), lr=4e-4, betas=(0.0, 0.999))
for step in range(700):
    d_loss, g_loss, grid = model.training_step(radar[torch.randint(0, len(radar), (32,))], d_opt, g_opt)
    if step % 100 == 0:
        print(f"{step}: train/d_loss {d_loss:.4f} train/gen_loss {g_loss:.4f} train/grid_loss {grid:.4f}")

with torch.no_grad():
    made = model.generator(radar[:1000, :, :14]).permute(0, 2, 3, 1).numpy()
off = abs(made - x[:1000, 14:]).mean()
ending(made, x[:2000, 14:], off=off, d_loss=d_loss, g_loss=g_loss)
