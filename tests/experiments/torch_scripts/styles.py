"""Small PyTorch GANs in the styles people write, to be run with and without recording: STYLE [STEPS]."""

import copy
import hashlib
import pickle
import sys
from itertools import chain

import numpy as np
import torch
from torch import nn
from torch.nn import functional

style, steps = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12
torch.manual_seed(3)
np.random.seed(3)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
N, LATENT = 16, 6
data = torch.tanh(torch.randn(256, 1, 8, 8))


class Generator(nn.Module):
    def __init__(self, given=LATENT):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(given, 32), nn.ReLU(), nn.Linear(32, 64))

    def forward(self, z, *labels):
        return torch.tanh(self.body(torch.cat([z, *labels], 1))).view(-1, 1, 8, 8)


class Discriminator(nn.Module):
    def __init__(self, given=64):
        super().__init__()
        self.hidden, self.out = nn.Linear(given, 32), nn.Linear(32, 1)

    def forward(self, x, label=None):
        x = x.flatten(1) if label is None else torch.cat([x.flatten(1), label], 1)
        return self.out(functional.leaky_relu(self.hidden(x), 0.2))


class Wrapped(nn.Module):
    """Holds both players, as a module of Lightning's does."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = Generator(), Discriminator()

    def forward(self, z):
        return self.generator(z)


class Direct(nn.Module):
    """Its layers are its own, and the program calls `forward`."""

    def __init__(self, *sizes):
        super().__init__()
        self.sizes = sizes
        self.hidden, self.out = nn.Linear(sizes[0], 32), nn.Linear(32, sizes[1])

    def forward(self, x):
        return self.out(functional.leaky_relu(self.hidden(x), 0.2))

    def judge(self, x):
        return self.forward(x)

    def make(self, n):
        return self.forward(torch.randn(n, self.sizes[0]))


class Pool:
    """Shows the discriminator earlier images, as CycleGAN's does."""

    def __init__(self):
        self.kept = []

    def __call__(self, images):
        chosen = []
        for image in images.data.unsqueeze(1):
            if len(self.kept) < 8:
                self.kept.append(image)
                chosen.append(image)
            elif np.random.rand() > 0.5:
                chosen.append(self.kept[0].clone())
                self.kept[0] = image
            else:
                chosen.append(image)
        return torch.cat(chosen)


def finish(*networks):
    digest = hashlib.sha256()
    for value in (v for network in networks for v in network.state_dict().values()):
        digest.update(value.numpy().tobytes())
    digest.update(torch.get_rng_state().numpy().tobytes() + np.random.rand(2).tobytes())
    print("weights", digest.hexdigest())
    sys.exit(0)


def batch():
    return data[torch.randint(0, len(data), (N,))]


bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(N, 1), torch.zeros(N, 1)
adam = torch.optim.Adam


def d_loss_of(d, real, fake, *label):
    return bce(d(real, *label), ones) + bce(d(fake, *label), zeros)


def step(g, d, g_opt, d_opt, real, *label):
    fake = g(torch.randn(N, LATENT), *label)
    d_opt.zero_grad()
    d_loss_of(d, real, fake.detach(), *label).backward()
    d_opt.step()
    g_opt.zero_grad()
    bce(d(fake, *label), ones).backward()
    g_opt.step()


if style == "no gan":
    a, b = Generator(), Discriminator()
    optimizer = adam(chain(a.parameters(), b.parameters()))
    for _ in range(20):
        optimizer.zero_grad()
        (b(a(torch.randn(N, LATENT))) ** 2).mean().backward()
        optimizer.step()
    finish(a, b)
if style == "no torch step":
    print("weights none")
    sys.exit(0)
if style == "games":
    g = nn.ModuleDict({"ab": nn.Conv2d(1, 1, 3, padding=1), "ba": nn.Conv2d(1, 1, 3, padding=1)})
    d_a, d_b = Discriminator(), Discriminator()
    g_opt = adam(g.parameters(), 1e-3)
    a_opt, b_opt = adam(d_a.parameters(), 1e-3), adam(d_b.parameters(), 1e-3)
    pools = Pool(), Pool()
    for _ in range(steps):
        a, b = batch(), 1 - batch()
        to_b, to_a = g["ab"](a), g["ba"](b)
        g_opt.zero_grad()
        loss = bce(d_b(to_b), ones) + bce(d_a(to_a), ones)
        (loss + (g["ba"](to_b) - a).abs().mean() + (g["ab"](to_a) - b).abs().mean()).backward()
        g_opt.step()
        for d, opt, real, fake, pool in ((d_a, a_opt, a, to_a, pools[0]), (d_b, b_opt, b, to_b, pools[1])):
            opt.zero_grad()
            d_loss_of(d, real, pool(fake.detach())).backward()
            opt.step()
    finish(g, d_a, d_b)
if style == "pretrained":
    encoder, decoder = Discriminator(), Generator(1)
    optimizer = adam(chain(encoder.parameters(), decoder.parameters()), 1e-3)
    for _ in range(30):
        optimizer.zero_grad()
        real = batch()
        (decoder(encoder(real)) - real).pow(2).mean().backward()
        optimizer.step()

g, d = Generator(), Discriminator()
if style == "conditional":
    g, d = Generator(LATENT + 3), Discriminator(64 + 3)
if style == "wrapped":
    both = Wrapped()
    g, d = both.generator, both.discriminator
if style == "data parallel":
    g, d = nn.DataParallel(g), nn.DataParallel(d)
if style == "compiled":
    g, d = torch.compile(g, backend="aot_eager"), torch.compile(d, backend="aot_eager")
if style == "direct":
    g, d = Direct(LATENT, 64), Direct(64, 1)
mapping = nn.Sequential(nn.Linear(LATENT, LATENT), nn.ReLU()) if style == "mapping" else None
g_opt = adam(chain(g.parameters(), mapping.parameters()) if mapping else g.parameters(), 1e-3, betas=(0.5, 0.999))
d_opt = adam(d.parameters(), 1e-3, betas=(0.5, 0.999))
if style == "one optimizer":
    g_opt = d_opt = adam(chain(g.parameters(), d.parameters()), 1e-3, betas=(0.5, 0.999))
d_rate = torch.optim.lr_scheduler.ExponentialLR(d_opt, 0.9)
average = torch.optim.swa_utils.AveragedModel(g) if style == "average" else None
for _ in range(steps):
    real = batch()
    if style in ("critic", "penalty", "clipped"):
        for _ in range(3):
            real, fake = batch(), g(torch.randn(N, LATENT)).detach()
            loss = d(fake).mean() - d(real).mean()
            if style == "penalty":
                between = torch.rand(N, 1, 1, 1)
                points = (between * real + (1 - between) * fake).requires_grad_(True)
                slope = torch.autograd.grad(d(points).sum(), points, create_graph=True)[0]
                loss = loss + 10 * (slope.flatten(1).norm(2, dim=1) - 1).pow(2).mean()
            d_opt.zero_grad()
            loss.backward()
            if style == "clipped":
                nn.utils.clip_grad_norm_(d.parameters(), 0.01)
            d_opt.step()
        g_opt.zero_grad()
        (-d(g(torch.randn(N, LATENT))).mean()).backward()
        g_opt.step()
    elif style == "generator first":
        fake = g(torch.randn(N, LATENT))
        g_opt.zero_grad()
        bce(d(fake), ones).backward()
        g_opt.step()
        d_opt.zero_grad()
        (d_loss_of(d, real, fake.detach()) / 2).backward()
        d_opt.step()
    elif style == "frozen in turn":
        d.requires_grad_(True)
        with torch.no_grad():
            fake = g(torch.randn(N, LATENT))
        d_opt.zero_grad(set_to_none=False)
        d_loss_of(d, real, fake).backward()
        d_opt.step()
        d.requires_grad_(False)
        g_opt.zero_grad(set_to_none=False)
        bce(d(g(torch.randn(N, LATENT))), ones).backward()
        g_opt.step()
    elif style == "mixed batch":
        fake = g(torch.randn(N, LATENT))
        d_opt.zero_grad()
        bce(d(torch.cat([real, fake.detach()])), torch.cat([ones, zeros])).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(d(fake), ones).backward()
        g_opt.step()
    elif style == "accumulated":
        d_opt.zero_grad()
        for _ in range(2):
            (d_loss_of(d, batch(), g(torch.randn(N, LATENT)).detach()) / 2).backward()
        d_opt.step()
        g_opt.zero_grad()
        for _ in range(2):
            (bce(d(g(torch.randn(N, LATENT))), ones) / 2).backward()
        g_opt.step()
    elif style == "bfloat16":
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fake = g(torch.randn(N, LATENT))
            d_loss = d_loss_of(d, real, fake.detach())
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            g_loss = bce(d(fake), ones)
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
    elif style == "mapping":
        fake = g(mapping(torch.randn(N, LATENT)))
        d_opt.zero_grad()
        d_loss_of(d, real, fake.detach()).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(d(fake), ones).backward()
        g_opt.step()
    elif style == "wrapped":
        z = torch.randn(N, LATENT)
        g_opt.zero_grad()
        bce(d(both(z)), ones).backward()
        g_opt.step()
        d_opt.zero_grad()
        d_loss_of(d, real, both(z).detach()).backward()
        d_opt.step()
    elif style == "direct":
        d_opt.zero_grad()
        d_loss_of(d.judge, real.flatten(1), g.make(N).detach()).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(d.judge(g.make(N)), ones).backward()
        g_opt.step()
        if copy.deepcopy(g).make.__func__ is not Direct.make or not pickle.dumps(d):
            sys.exit("copies are none")
    elif style == "shared graph":
        fake = g(torch.randn(N, LATENT))
        d_loss = d_loss_of(d, real, fake)
        d_opt.zero_grad()
        d_loss.backward(retain_graph=True, inputs=list(d.parameters()))
        g_opt.zero_grad()
        bce(d(fake), ones).backward(inputs=list(g.parameters()))
        d_opt.step()
        g_opt.step()
    elif style == "anomaly":
        with torch.autograd.detect_anomaly(check_nan=False):
            step(g, d, g_opt, d_opt, real)
    elif style == "conditional":
        step(g, d, g_opt, d_opt, real, functional.one_hot(torch.randint(0, 3, (N,)), 3).float())
    else:
        step(g, d, g_opt, d_opt, real)
        if average is not None:
            average.update_parameters(g)
        if style == "schedule":
            d_rate.step()
finish(g, d)
