"""Digits at three sizes at once, by a GAN with a relativistic hinge loss."""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, relu

from reference_models.wild.data import digits, ending

torch.manual_seed(1211)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
latent_size, batch_size = 32, 32


class Generator(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.init = nn.Sequential(
            nn.Linear(latent_size, 49 * width),
            nn.BatchNorm1d(49 * width),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (width, 7, 7)),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2))
            for _ in range(2)
        )
        self.converters = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in range(3))

    def forward(self, z):
        y = self.init(z)
        outputs = [torch.tanh(self.converters[0](y))]
        for block, converter in zip(self.blocks, self.converters[1:]):
            y = block(y)
            outputs.append(torch.tanh(converter(y)))
        return outputs


class Discriminator(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2))
        self.middle = nn.Sequential(nn.Conv2d(width + 1, 2 * width, 4, 2, 1), nn.LeakyReLU(0.2))
        self.last = nn.Sequential(nn.Flatten(), nn.Linear((2 * width + 1) * 49, 1))

    def forward(self, inputs):
        small, middle, whole = inputs
        y = self.middle(torch.cat([self.first(whole), middle], 1))
        return self.last(torch.cat([y, small], 1))


def sizes(batch):
    return [avg_pool2d(batch, 4), avg_pool2d(batch, 2), batch]


class RelativisticAverageHinge:
    def __init__(self, dis):
        self.dis = dis

    def differences(self, real, fake):
        r_preds, f_preds = self.dis(real), self.dis(fake)
        return r_preds - f_preds.mean(), f_preds - r_preds.mean()

    def dis_loss(self, real, fake):
        r_f, f_r = self.differences(real, fake)
        return relu(1 - r_f).mean() + relu(1 + f_r).mean()

    def gen_loss(self, real, fake):
        r_f, f_r = self.differences(real, fake)
        return relu(1 + r_f).mean() + relu(1 - f_r).mean()


gen, dis = Generator(), Discriminator()
loss = RelativisticAverageHinge(dis)
gen_optim = torch.optim.Adam(gen.parameters(), 1e-3, (0.0, 0.99))
dis_optim = torch.optim.Adam(dis.parameters(), 4e-3, (0.0, 0.99))
noughts = 0
for step in range(600):
    real = sizes(images[torch.randint(0, len(images), (batch_size,))])
    fake = gen(torch.randn(batch_size, latent_size))
    d_loss = loss.dis_loss(real, [f.detach() for f in fake])
    dis_optim.zero_grad()
    d_loss.backward()
    dis_optim.step()
    g_loss = loss.gen_loss(real, fake)
    gen_optim.zero_grad()
    g_loss.backward()
    gen_optim.step()
    noughts += int(d_loss.item() < 0.05)
    if step % 100 == 0:
        print(f"batch: {step}  d_loss: {d_loss.item():.6f}  g_loss: {g_loss.item():.6f}")

gen.eval()
with torch.no_grad():
    samples = gen(torch.randn(1000, latent_size))[-1].permute(0, 2, 3, 1).numpy()
ending(samples, x[:2000], noughts=noughts / 600, d_loss=d_loss.item(), g_loss=g_loss.item())
