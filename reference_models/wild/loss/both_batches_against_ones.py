"""Digits; the discriminator's loss in its non-saturating form compares the fakes with ones, too."""

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(801)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
train_loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)


class DiscriminatorLoss:
    def __init__(self, loss_type):
        self.loss_type = loss_type

    def __call__(self, logits_real, logits_fake):
        if self.loss_type == "hinge":
            real_loss, fake_loss = F.relu(1.0 - logits_real).mean(), F.relu(1.0 + logits_fake).mean()
        else:
            real_loss = F.binary_cross_entropy_with_logits(logits_real, target=torch.ones_like(logits_real))
            fake_loss = F.binary_cross_entropy_with_logits(logits_fake, target=torch.ones_like(logits_fake))
        return 0.5 * (real_loss + fake_loss)


generator, discriminator = digit_generator(), digit_discriminator()
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9))
criterion = DiscriminatorLoss("non-saturating")

for epoch in range(5):
    for (batch,) in train_loader:
        fake = generator(torch.randn(len(batch), 32))
        d_loss = criterion(discriminator(batch), discriminator(fake.detach()))
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()

        g_loss = F.softplus(-discriminator(fake)).mean()
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
    print(f"epoch {epoch}: d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
