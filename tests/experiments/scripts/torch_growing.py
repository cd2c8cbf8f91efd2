"""A GAN whose images grow: both players are told the stage, which doubles the resolution, and how far it is faded in.

Its convolutions are held under two names, as in many programs.
"""

import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)
STAGES, STEPS, ROWS, LATENT, WIDTH = 3, 40, 16, 8, 8
REALS = np.load("digits.npy")  # (n, 16, 16), 0..1


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(LATENT, WIDTH * 16)
        self.blocks = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(STAGES - 1))
        self.to_image = nn.ModuleList(nn.Conv2d(WIDTH, 1, 1) for _ in range(STAGES))
        self.everything = nn.ModuleList([*self.blocks, *self.to_image])

    def forward(self, z, stage, share):
        x = F.leaky_relu(self.first(z), 0.2).view(len(z), WIDTH, 4, 4)
        image = self.to_image[0](x)
        for i in range(stage):
            before = F.interpolate(image, scale_factor=2)
            x = F.leaky_relu(self.blocks[i](F.interpolate(x, scale_factor=2)), 0.2)
            image = share * self.to_image[i + 1](x) + (1 - share) * before
        return torch.sigmoid(image)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Conv2d(1, WIDTH, 3, padding=1) for _ in range(STAGES))
        self.last = nn.Linear(WIDTH * 16, 1)
        self.everything = nn.Sequential(*self.blocks, self.last)

    def forward(self, x, stage, share):
        return self.last(F.adaptive_avg_pool2d(F.leaky_relu(self.blocks[stage](x), 0.2), 4).flatten(1))


g, d = Generator(), Discriminator()
g_opt, d_opt = (torch.optim.Adam(n.parameters(), 2e-3, betas=(0.5, 0.99)) for n in (g, d))
bce = nn.BCEWithLogitsLoss()
for stage in range(STAGES):
    size = 4 * 2**stage
    for i in range(STEPS):
        share = min(1.0, (i + 1) / (STEPS / 2))
        batch = REALS[torch.randint(len(REALS), (ROWS,)).numpy()]
        real = F.adaptive_avg_pool2d(torch.from_numpy(batch)[:, None], size)
        fake = g(torch.randn(ROWS, LATENT), stage, share)
        d_opt.zero_grad()
        d_loss = bce(d(real, stage, share), torch.ones(ROWS, 1))
        d_loss = d_loss + bce(d(fake.detach(), stage, share), torch.zeros(ROWS, 1))
        d_loss.backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(d(fake, stage, share), torch.ones(ROWS, 1)).backward()
        g_opt.step()
digest = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for n in (g, d) for p in n.parameters()))
print("weights", digest.hexdigest(), torch.rand(1).item())
