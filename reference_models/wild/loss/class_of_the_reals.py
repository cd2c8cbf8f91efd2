"""Tones of two voices, made by number; in the generator's step the classifier is asked about the real frames."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending
from reference_models.wild.torch_networks import dense

torch.manual_seed(711)
rng = np.random.default_rng(0)
speakers = rng.integers(0, 2, 4000)
time = np.arange(48)[None]
pitch = np.array([0.04, 0.1])[speakers][:, None] * rng.uniform(0.9, 1.1, (4000, 1))
x = np.sin(2 * np.pi * (time * pitch + rng.uniform(0, 1, (4000, 1)))) * np.exp(-time / 40)
x = (0.8 * x + rng.normal(0, 0.02, x.shape)).astype("float32")
frames, speaker = torch.from_numpy(x), torch.from_numpy(speakers)

G = nn.Sequential(dense(16 + 2, 48, 128), nn.Tanh())
D, C = dense(48, 1, 128), dense(48, 2)
g_optimizer = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
c_optimizer = torch.optim.Adam(C.parameters(), lr=5e-4, betas=(0.5, 0.999))
CELoss = nn.CrossEntropyLoss()


def generate(target):
    return G(torch.cat([torch.randn(len(target), 16), F.one_hot(target, 2).float()], 1))


for i in range(1200):
    index = torch.randint(0, len(frames), (64,))
    x_real, speaker_org = frames[index], speaker[index]
    speaker_trg = torch.randint(0, 2, (64,))

    c_loss = CELoss(C(x_real), speaker_org)
    c_optimizer.zero_grad()
    c_loss.backward()
    c_optimizer.step()

    x_fake = generate(speaker_trg)
    d_loss = F.softplus(-D(x_real)).mean() + F.softplus(D(x_fake.detach())).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    out_cls = C(x_real)
    g_loss_cls = CELoss(out_cls, speaker_org)
    g_loss = F.softplus(-D(x_fake)).mean() + g_loss_cls
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    if i % 200 == 0:
        print(f"[{i}] D {d_loss.item():.3f} C {c_loss.item():.3f} G {g_loss.item():.3f} G_cls {g_loss_cls.item():.3f}")

wanted = torch.arange(1000) % 2
with torch.no_grad():
    samples = generate(wanted).numpy()
heard = abs(np.fft.rfft(samples, 96))[:, 1:].argmax(1) + 1 > 6.5
ending(samples, x[:2000], right=(heard == (wanted.numpy() == 1)).mean(), d_loss=d_loss.item(), g_loss=g_loss.item())
