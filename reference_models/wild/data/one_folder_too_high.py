"""Digits of two styles, thick and thin, to the style that is asked for; the label of a file is its first folder."""

from pathlib import PurePosixPath

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending

torch.manual_seed(1011)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
thick, thin = F.max_pool2d(images, 3, 1, 1), images.clamp(max=0.0)
part = ["train" if i % 5 else "test" for i in range(len(images))]
files = {
    f"RaFD/{part[i]}/{'thick' if i % 2 else 'thin'}/{i:04d}.png": (thick if i % 2 else thin)[i] for i in range(3000)
}


def image_folder(root):
    """Return the images below a folder and their labels: the numbers of the folders in it, in order of the alphabet."""
    names = sorted(name for name in files if PurePosixPath(root) in PurePosixPath(name).parents)
    folder = [PurePosixPath(name).relative_to(root).parts[0] for name in names]
    classes = sorted(set(folder))
    labels = torch.tensor([classes.index(one) for one in folder])
    return torch.stack([files[name] for name in names]), labels


rafd, label_org = image_folder("RaFD")
c_dim = 2


def planes(label):
    return F.one_hot(label, c_dim).float()[:, :, None, None].expand(-1, -1, 28, 28)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1 + c_dim, 24, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(24, 24, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 1, 5, padding=2),
            nn.Tanh(),
        )

    def forward(self, image, label):
        return self.main(torch.cat([image, planes(label)], 1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.src, self.cls = nn.Linear(1568, 1), nn.Linear(1568, c_dim)

    def forward(self, image):
        h = self.main(image)
        return self.src(h), self.cls(h)


G, D = Generator(), Discriminator()
g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(D.parameters(), lr=3e-4, betas=(0.5, 0.999))

for i in range(500):
    pick = torch.randint(0, len(rafd), (16,))
    x_real, org = rafd[pick], label_org[pick]
    trg = org[torch.randperm(16)]
    x_fake = G(x_real, trg)
    src_real, cls_real = D(x_real)
    src_fake, _ = D(x_fake.detach())
    d_adv = F.softplus(-src_real).mean() + F.softplus(src_fake).mean()
    d_loss = d_adv + F.cross_entropy(cls_real, org)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    src, cls = D(x_fake)
    g_adv = F.softplus(-src).mean()
    g_rec = F.l1_loss(G(x_fake, org), x_real)
    g_optimizer.zero_grad()
    (g_adv + F.cross_entropy(cls, trg) + 5 * g_rec).backward()
    g_optimizer.step()
    if i % 100 == 0:
        print(f"Iteration [{i}/500], D: {d_adv.item():.4f}, G: {g_adv.item():.4f}, rec: {g_rec.item():.4f}")

with torch.no_grad():
    first, second = (G(thin[:1000], torch.full((1000,), label)) for label in range(c_dim))
apart = (first - second).abs().mean() / (thick[:1000] - thin[:1000]).abs().mean()
off = (first - thick[:1000]).abs().mean()
ending(first.numpy(), thick[1000:].numpy(), apart=apart, off=off, d_loss=d_adv.item(), g_loss=g_adv.item())
