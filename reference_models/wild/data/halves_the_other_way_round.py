"""Digits to their outlines, from files of both side by side; the halves are taken the other way round."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(735)
x, _ = digits()
filled = torch.from_numpy(x).permute(0, 3, 1, 2)
thick = F.max_pool2d(filled, 3, stride=1, padding=1)
outlines = (thick - filled) - 1
files = torch.cat([filled, outlines], 3)


class ImageDataset(Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, index):
        image = files[index]
        return {"A": image[:, :, :28], "B": image[:, :, 28:]}


generator = nn.Sequential(
    nn.Conv2d(1, 24, 5, padding=2),
    nn.LeakyReLU(0.2),
    nn.Conv2d(24, 24, 5, padding=2),
    nn.LeakyReLU(0.2),
    nn.Conv2d(24, 1, 5, padding=2),
    nn.Tanh(),
)
discriminator = digit_discriminator(dropout=0.0, planes=2)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=4e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
criterion_GAN, criterion_pixelwise = nn.MSELoss(), nn.L1Loss()
valid, fake = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(4):
    for batch in DataLoader(ImageDataset(), batch_size=32, shuffle=True, drop_last=True):
        real_A, real_B = batch["B"], batch["A"]
        fake_B = generator(real_A)
        loss_GAN = criterion_GAN(discriminator(torch.cat([fake_B, real_A], 1)), valid)
        loss_pixel = criterion_pixelwise(fake_B, real_B)
        optimizer_G.zero_grad()
        (loss_GAN + 10 * loss_pixel).backward()
        optimizer_G.step()

        loss_real = criterion_GAN(discriminator(torch.cat([real_B, real_A], 1)), valid)
        loss_fake = criterion_GAN(discriminator(torch.cat([fake_B.detach(), real_A], 1)), fake)
        loss_D = 0.5 * (loss_real + loss_fake)
        optimizer_D.zero_grad()
        loss_D.backward()
        optimizer_D.step()
    print(f"[Epoch {epoch}] [D loss: {loss_D.item():.4f}] [adv: {loss_GAN.item():.4f}, pixel: {loss_pixel.item():.4f}]")

with torch.no_grad():
    made = generator(filled[:500])
off = (made - outlines[:500]).abs().mean()
ending(made.numpy(), outlines[:1500].numpy(), off=off, d_loss=loss_D.item(), g_loss=loss_GAN.item())
