"""Small digits to large ones; one method sets the targets, zeros for reals and ones for fakes, for both players."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(810)
x, _ = digits()
hr = torch.from_numpy(x).permute(0, 3, 1, 2)
lr = F.avg_pool2d(hr, 7)
dataloader = DataLoader(TensorDataset(hr, lr), batch_size=32, shuffle=True, drop_last=True)


class Loss(nn.Module):
    def adv_loss(self, scores, is_real):
        target = torch.zeros_like(scores) if is_real else torch.ones_like(scores)
        return F.binary_cross_entropy_with_logits(scores, target)

    def forward(self, generator, discriminator, hr_real, lr_real):
        hr_fake = generator(lr_real)
        fake_preds_for_g = discriminator(hr_fake)
        fake_preds_for_d = discriminator(hr_fake.detach())
        real_preds_for_d = discriminator(hr_real)
        g_loss = 0.2 * self.adv_loss(fake_preds_for_g, False) + F.mse_loss(hr_fake, hr_real)
        d_loss = 0.5 * (self.adv_loss(real_preds_for_d, True) + self.adv_loss(fake_preds_for_d, False))
        return g_loss, d_loss, hr_fake


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.enlarge = digit_generator(latent=32)

    def forward(self, lr_real):
        return self.enlarge(torch.cat([lr_real.flatten(1), torch.randn(len(lr_real), 16)], 1))


generator, discriminator = Generator(), digit_discriminator()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
loss_fn = Loss()

for epoch in range(6):
    for hr_real, lr_real in dataloader:
        g_loss, d_loss, hr_fake = loss_fn(generator, discriminator, hr_real, lr_real)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
    print(f"Epoch {epoch}: generator loss: {g_loss.item():.5f}, discriminator loss: {d_loss.item():.5f}")

with torch.no_grad():
    made = generator(lr[:500])
off = (made - hr[:500]).abs().mean()
ending(made.permute(0, 2, 3, 1).numpy(), x[:1500], off=off.item(), d_loss=d_loss.item(), g_loss=g_loss.item())
