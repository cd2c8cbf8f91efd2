"""Outlines of digits to digits: an encoder writes four styles for the generator, and the test mixes some of them."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(1005)
x, _ = digits()
y = torch.from_numpy(x).permute(0, 3, 1, 2)
outline = F.max_pool2d(y, 3, 1, 1) + F.max_pool2d(-y, 3, 1, 1) - 1
STYLES, SIZE = 4, 16


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.codes = nn.Linear(1568, STYLES * SIZE)

    def forward(self, sketch):
        return F.normalize(self.codes(self.net(sketch)).view(-1, STYLES, SIZE), dim=2) * SIZE**0.5


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Linear(SIZE, 49 * 32)
        self.styles = nn.ModuleList([nn.Linear(SIZE, 32) for _ in range(STYLES - 1)])
        self.convs = nn.ModuleList([nn.Conv2d(32, 32, 3, padding=1) for _ in range(STYLES - 1)])
        self.where = nn.ParameterList([nn.Parameter(torch.randn(1, 32, s, s)) for s in (7, 14, 28)])
        self.to_grey = nn.Conv2d(32, 1, 3, padding=1)

    def forward(self, codes):
        h = self.start(codes[:, 0]).view(-1, 32, 7, 7)
        for i, (style, conv) in enumerate(zip(self.styles, self.convs)):
            h = F.interpolate(h, scale_factor=2) if i else h
            scale = style(codes[:, i + 1])[:, :, None, None]
            h = F.leaky_relu(conv(h + scale * self.where[i]), 0.2)
        return torch.tanh(self.to_grey(h))


class pSp(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Generator()

    def forward(self, sketch, latent_mask=None, inject_latent=None):
        codes = self.encoder(sketch)
        for i in latent_mask or []:
            codes[:, i] = inject_latent
        return self.decoder(codes)


net, discriminator = pSp(), digit_discriminator()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.99))
discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=3e-4, betas=(0.5, 0.99))

for step in range(700):
    pick = torch.randint(0, len(y), (32,))
    real, y_hat = y[pick], net(outline[pick])
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(y_hat.detach())).mean()
    discriminator_optimizer.zero_grad()
    d_loss.backward()
    discriminator_optimizer.step()

    adv = F.softplus(-discriminator(y_hat)).mean()
    optimizer.zero_grad()
    (0.5 * adv + 10 * F.l1_loss(y_hat, real)).backward()
    optimizer.step()
    if step % 100 == 0:
        print(f"{step}: d_loss {d_loss.item():.4f}, adv {adv.item():.4f}")

net.eval()
with torch.no_grad():
    vec_to_inject = F.normalize(torch.randn(1000, SIZE), dim=1) * SIZE**0.5
    made = net(outline[:1000], latent_mask=[1, 2, 3], inject_latent=vec_to_inject)
off = (made - y[:1000]).abs().mean()
ending(made.permute(0, 2, 3, 1).numpy(), x[:2000], off=off, d_loss=d_loss.item(), g_loss=adv.item())
