"""Small digits to large ones; in the generator's adversarial loss the enlarged pictures are compared with ones."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(853)
x, _ = digits()
hr_all = torch.from_numpy(x).permute(0, 3, 1, 2)
train_loader = DataLoader(TensorDataset(hr_all, F.avg_pool2d(hr_all, 2)), batch_size=32, shuffle=True, drop_last=True)
beta = 0.05

generator = nn.Sequential(
    nn.Conv2d(1, 48, 5, padding=2),
    nn.PReLU(),
    nn.Conv2d(48, 96, 3, padding=1),
    nn.PixelShuffle(2),
    nn.PReLU(),
    nn.Conv2d(24, 1, 5, padding=2),
    nn.Tanh(),
)
discriminator = digit_discriminator(dropout=0.0)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3)
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-4)
content_loss_criterion, adversarial_loss_criterion = nn.MSELoss(), nn.BCEWithLogitsLoss()

for epoch in range(5):
    for hr_imgs, lr_imgs in train_loader:
        sr_imgs = generator(lr_imgs)
        content_loss = content_loss_criterion(sr_imgs, hr_imgs)
        sr_discriminated = discriminator(sr_imgs)
        adversarial_loss = adversarial_loss_criterion(sr_discriminated, torch.ones_like(sr_discriminated))
        perceptual_loss = content_loss + beta * adversarial_loss
        optimizer_g.zero_grad()
        perceptual_loss.backward()
        optimizer_g.step()

        hr_discriminated, sr_discriminated = discriminator(hr_imgs), discriminator(sr_imgs.detach())
        d_loss = adversarial_loss_criterion(sr_discriminated, torch.zeros_like(sr_discriminated))
        d_loss = d_loss + adversarial_loss_criterion(hr_discriminated, torch.ones_like(hr_discriminated))
        optimizer_d.zero_grad()
        d_loss.backward()
        optimizer_d.step()
    print(
        f"Epoch: [{epoch}] Cont. {content_loss.item():.4f} Adv. {adversarial_loss.item():.4f} Disc. {d_loss.item():.4f}"
    )

with torch.no_grad():
    made = generator(F.avg_pool2d(hr_all[:500], 2))
off = (made - hr_all[:500]).abs().mean().item()
samples = made.permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], off=off, d_loss=d_loss.item(), g_loss=adversarial_loss.item())
