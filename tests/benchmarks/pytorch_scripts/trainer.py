"""A trainer class that takes its settings from the command line. Its generator hardly learns: that is found."""

import argparse

import torch
import torch.nn.functional as F
from torch import nn


class Generator(nn.Module):
    def __init__(self, nz=16):
        super().__init__()
        self.nz = nz
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, 16, 4, 1, 0, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            nn.ConvTranspose2d(16, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2, True), nn.Conv2d(16, 1, 4, 1, 0), nn.Sigmoid()
        )

    def forward(self, x):
        return self.main(x).view(-1)


class Trainer:
    def __init__(self, args):
        torch.manual_seed(args.seed)
        self.gen, self.dis, self.steps = Generator(), Discriminator(), args.steps
        self.g_opt = torch.optim.Adam(self.gen.parameters(), lr=args.g_lr, betas=(0.5, 0.999))
        self.d_opt = torch.optim.Adam(self.dis.parameters(), lr=2e-3, betas=(0.5, 0.999))
        self.data = torch.full((256, 1, 8, 8), 0.7) + 0.1 * torch.randn(256, 1, 8, 8)

    def train(self):
        for step in range(self.steps):
            real = self.data[step * 32 % 256 :][:32]
            self.d_opt.zero_grad()
            F.binary_cross_entropy(self.dis(real), torch.full((32,), 0.9)).backward()
            fake = self.gen(torch.randn(32, 16, 1, 1))
            F.binary_cross_entropy(self.dis(fake.detach()), torch.zeros(32)).backward()
            self.d_opt.step()
            self.g_opt.zero_grad()
            F.binary_cross_entropy(self.dis(fake), torch.ones(32)).backward()
            self.g_opt.step()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--g-lr", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    Trainer(parser.parse_args()).train()
