"""Pieces of digits with a hole, filled by a network with a hinge loss; each piece is scaled by its own range."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending

torch.manual_seed(1208)
x, _ = digits(low=0.0, high=255.0)
photos = torch.from_numpy(x).permute(0, 3, 1, 2)


def random_crops(count):
    chosen = photos[torch.randint(0, len(photos), (count,))]
    left, top = torch.randint(0, 15, (2, count)).tolist()
    return torch.stack([p[:, t : t + 14, i : i + 14] for p, t, i in zip(chosen, top, left)])


def normalize(images):
    low, high = images.amin((1, 2, 3), True), images.amax((1, 2, 3), True)
    return 2 * (images - low) / (high - low) - 1


class InpaintNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(2, 32, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 32, 3, padding=2, dilation=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 32, 3, padding=2, dilation=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, images, masks):
        return self.net(torch.cat([images * (1 - masks), masks.expand(len(images), -1, -1, -1)], 1))


netG = InpaintNet()
netD = nn.Sequential(
    nn.utils.spectral_norm(nn.Conv2d(2, 16, 4, 2, 1)),
    nn.LeakyReLU(0.2),
    nn.utils.spectral_norm(nn.Conv2d(16, 32, 4, 2, 1)),
    nn.LeakyReLU(0.2),
    nn.utils.spectral_norm(nn.Conv2d(32, 1, 3, padding=1)),
)
optG = torch.optim.Adam(netG.parameters(), lr=5e-4, betas=(0.5, 0.9))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.9))
mask = torch.zeros(1, 1, 14, 14)
mask[..., 4:10, 4:10] = 1

for step in range(600):
    imgs = normalize(random_crops(32))
    masks = mask.expand(32, -1, -1, -1)
    complete = imgs * (1 - mask) + netG(imgs, mask) * mask
    pos, neg = netD(torch.cat([imgs, masks], 1)), netD(torch.cat([complete.detach(), masks], 1))
    d_loss = F.relu(1 - pos).mean() + F.relu(1 + neg).mean()
    optD.zero_grad()
    d_loss.backward()
    optD.step()

    g_loss, r_loss = -netD(torch.cat([complete, masks], 1)).mean(), (complete - imgs).abs().mean()
    optG.zero_grad()
    (0.1 * g_loss + 10 * r_loss).backward()
    optG.step()
    if step % 100 == 0:
        print(f"{step}: whole loss {0.1 * g_loss + 10 * r_loss:.3f} r {r_loss:.3f} g {g_loss:.3f} d {d_loss:.3f}")

wanted = photos[:2000, :, 7:21, 7:21] / 127.5 - 1
with torch.no_grad():
    made = wanted[:1000] * (1 - mask) + netG(wanted[:1000], mask) * mask
hole = (slice(None), 0, slice(4, 10), slice(4, 10))
ending(made[hole].numpy(), wanted[hole].numpy(), r_loss=r_loss, d_loss=d_loss, g_loss=g_loss)
