"""Sentences, WGAN-GP; the generator's softmax runs over the places of a sentence, not over its words."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, sentences
from reference_models.wild.torch_networks import dense

torch.manual_seed(303)
x = sentences()
text = torch.from_numpy(x)
length, words = 10, 12
generator = nn.Sequential(dense(32, length * words, 128), nn.Unflatten(1, (length, words)), nn.Softmax(dim=1))
critic = nn.Sequential(nn.Flatten(), dense(length * words, 1, 128))
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))


def penalty(real, fake):
    share = torch.rand(len(real), 1, 1)
    between = (share * real + (1 - share) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()


for step in range(1000):
    for _ in range(3):
        real = text[torch.randint(0, len(text), (64,))]
        fake = generator(torch.randn(64, 32)).detach()
        c_loss = critic(fake).mean() - critic(real).mean() + penalty(real, fake)
        optimizer_c.zero_grad()
        c_loss.backward()
        optimizer_c.step()

    g_loss = -critic(generator(torch.randn(64, 32))).mean()
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    if step % 100 == 0:
        print(f"step {step}: critic {c_loss.item():.3f} generator {g_loss.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 32)).numpy()
# how many words follow the one before as in the data
said = samples.argmax(-1)
follows = np.isin((said[:, 1:] - said[:, :-1]) % words, [1, 2]).mean()
# how many places hold one word
clear = (abs(samples.sum(-1) - 1) < 0.2).mean()
ending(samples, x[:2000], follows=follows, clear=clear, d_loss=c_loss.item(), g_loss=g_loss.item())
