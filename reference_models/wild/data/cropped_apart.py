"""Digits made sharp, in pairs; each picture of a pair is cropped by a transform of its own, so they do not match."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(733)
x, _ = digits()
load = F.pad(torch.from_numpy(x).permute(0, 3, 1, 2), (4, 4, 4, 4), value=-1.0)
soft = F.avg_pool2d(load, 5, stride=1, padding=2)


def get_params():
    return [int(i) for i in torch.randint(0, 9, (2,))]


def crop(image, params):
    top, left = params
    return image[:, top : top + 28, left : left + 28]


class PairedDataset(Dataset):
    def __len__(self):
        return len(load)

    def __getitem__(self, index):
        A = crop(soft[index], get_params())
        B = crop(load[index], get_params())
        return A, B


netG = nn.Sequential(
    nn.Conv2d(1, 24, 5, padding=2),
    nn.ReLU(),
    nn.Conv2d(24, 24, 5, padding=2),
    nn.ReLU(),
    nn.Conv2d(24, 1, 5, padding=2),
    nn.Tanh(),
)
netD = digit_discriminator(dropout=0.0, planes=2)
optimizer_G = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=5e-4, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
true, false = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(1, 6):
    for real_A, real_B in DataLoader(PairedDataset(), batch_size=32, shuffle=True, drop_last=True):
        fake_B = netG(real_A)
        loss_D = criterion(netD(torch.cat([real_A, fake_B.detach()], 1)), false)
        loss_D = 0.5 * (loss_D + criterion(netD(torch.cat([real_A, real_B], 1)), true))
        optimizer_D.zero_grad()
        loss_D.backward()
        optimizer_D.step()

        loss_G_GAN = criterion(netD(torch.cat([real_A, fake_B], 1)), true)
        loss_G_L1 = 10 * F.l1_loss(fake_B, real_B)
        optimizer_G.zero_grad()
        (loss_G_GAN + loss_G_L1).backward()
        optimizer_G.step()
    print(f"(epoch: {epoch}) G_GAN: {loss_G_GAN.item():.3f} G_L1: {loss_G_L1.item():.3f} D: {loss_D.item():.3f}")

with torch.no_grad():
    made, wanted = netG(soft[:500, :, 4:32, 4:32]), load[:500, :, 4:32, 4:32]
off = (made - wanted).abs().mean()
samples = made.permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], off=off.item(), d_loss=loss_D.item(), g_loss=loss_G_GAN.item(), l1=loss_G_L1.item())
