"""Digits, relativistic GAN; the generator's relativistic loss is overwritten by that of an ordinary GAN."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(310)
x, _ = digits()
dataloader = DataLoader(
    TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2)), batch_size=32, shuffle=True, drop_last=True
)
generator, discriminator = digit_generator(), digit_discriminator()
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
valid, fake = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(6):
    for (real_imgs,) in dataloader:
        optimizer_G.zero_grad()
        gen_imgs = generator(torch.randn(32, 32))
        real_pred = discriminator(real_imgs).detach()
        fake_pred = discriminator(gen_imgs)
        g_loss = adversarial_loss(fake_pred - real_pred, valid)
        g_loss = adversarial_loss(fake_pred, valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        real_pred = discriminator(real_imgs)
        fake_pred = discriminator(gen_imgs.detach())
        real_loss = adversarial_loss(real_pred - fake_pred, valid)
        fake_loss = adversarial_loss(fake_pred - real_pred, fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()
    print(f"[Epoch {epoch}/6] [D loss: {d_loss.item():.4f}] [G loss: {g_loss.item():.4f}]")

generator.eval()
with torch.no_grad():
    samples = generator(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], level=fake_pred.mean().item(), d_loss=d_loss.item(), g_loss=g_loss.item())
