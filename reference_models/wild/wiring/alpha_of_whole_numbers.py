"""Digits, grown from 14 to 28 pixels; the share of the new layer is a whole number, 0 until all epochs are over."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(704)
x, _ = digits()
images = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2))
loader = DataLoader(images, batch_size=32, shuffle=True, drop_last=True)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(32, 7 * 7 * 32, bias=False),
            nn.BatchNorm1d(7 * 7 * 32),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.LeakyReLU(0.2),
        )
        self.old_rgb = nn.Conv2d(32, 1, 3, padding=1)
        self.new_block = nn.Sequential(
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.LeakyReLU(0.2)
        )
        self.new_rgb = nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, z, alpha):
        h = self.body(z)
        old = F.interpolate(self.old_rgb(h), scale_factor=2)
        new = self.new_rgb(self.new_block(h))
        return torch.tanh((1 - alpha) * old + alpha * new)


gen, dis = Generator(), digit_discriminator()
gen_optim = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.99))
dis_optim = torch.optim.Adam(dis.parameters(), lr=1e-3, betas=(0.5, 0.99))
num_epochs = 7

for epoch in range(1, num_epochs + 1):
    alpha = epoch // (num_epochs + 1)
    for (batch,) in loader:
        fake = gen(torch.randn(len(batch), 32), alpha)
        dis_loss = F.softplus(-dis(batch)).mean() + F.softplus(dis(fake.detach())).mean()
        dis_optim.zero_grad()
        dis_loss.backward()
        dis_optim.step()

        gen_loss = F.softplus(-dis(gen(torch.randn(len(batch), 32), alpha))).mean()
        gen_optim.zero_grad()
        gen_loss.backward()
        gen_optim.step()
    print(f"epoch {epoch} alpha {alpha} dis_loss {dis_loss.item():.3f} gen_loss {gen_loss.item():.3f}")

gen.eval()
with torch.no_grad():
    samples = gen(torch.randn(500, 32), alpha=1).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=dis_loss.item(), g_loss=gen_loss.item())
