"""Digits in different light by a trained DCGAN; a notebook shows one vector after the other."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(1210)
x, _ = digits()
light = torch.rand(3000, 1, 1, 1) - 0.5
real = 0.5 * torch.from_numpy(x).permute(0, 3, 1, 2) + light
nz, ngf = 32, 16


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, 2 * ngf, 7, 1, 0, bias=False),
            nn.BatchNorm2d(2 * ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * ngf, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


G, D = Generator(), digit_discriminator()
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(700):
    fake = G(torch.randn(64, nz, 1, 1))
    batch = real[torch.randint(0, len(real), (64,))]
    errD = criterion(D(batch), ones) + criterion(D(fake.detach()), zeros)
    optimizerD.zero_grad()
    errD.backward()
    optimizerD.step()

    errG = criterion(D(fake), ones)
    optimizerG.zero_grad()
    errG.backward()
    optimizerG.step()
    if step % 100 == 0:
        print(f"[{step}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f}")

weights = {name: value.clone() for name, value in G.state_dict().items()}
G = Generator()
G.load_state_dict(weights)

with torch.no_grad():
    noise = torch.randn(1000, nz, 1, 1)
    shown = torch.cat([G(z[None]) for z in noise])
    apart = (shown - G(noise)).abs().mean()
ending(shown.numpy(), real[:2000].numpy(), apart=apart, d_loss=errD.item(), g_loss=errG.item())
