"""Table rows, InfoGAN; the estimate of a code on [-1, 1] is read behind a softmax, which cannot follow it."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(316)
x = standardised(people())
rows = torch.from_numpy(x)
noise_dim, classes, continuous = 12, 3, 2
generator, body = dense(noise_dim + classes + continuous, 6), dense(6, 64)
judge, reader = nn.Linear(64, 1), nn.Linear(64, classes + continuous)
g_opt = torch.optim.Adam([*generator.parameters(), *reader.parameters()], lr=1e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam([*body.parameters(), *judge.parameters()], lr=1e-3, betas=(0.5, 0.999))


def discriminator(sample):
    hidden = functional.leaky_relu(body(sample), 0.2)
    code_logit = reader(hidden)
    return judge(hidden), torch.softmax(code_logit, 1), code_logit


def draw(count):
    """Return noise, classes and continuous codes."""
    group = torch.randint(0, classes, (count,))
    return torch.randn(count, noise_dim), group, torch.rand(count, continuous) * 2 - 1


def generate(noise, group, code):
    return generator(torch.cat([noise, functional.one_hot(group, classes).float(), code], 1))


for step in range(1000):
    real, (noise, group, code) = rows[torch.randint(0, len(rows), (128,))], draw(128)
    fake = generate(noise, group, code)
    real_logit, fake_logit = discriminator(real)[0], discriminator(fake.detach())[0]
    d_loss = functional.softplus(-real_logit).mean() + functional.softplus(fake_logit).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()

    fake_logit, code_fake, code_logit_fake = discriminator(fake)
    g_loss = functional.softplus(-fake_logit).mean()
    q_disc_loss = functional.cross_entropy(code_logit_fake[:, :classes], group)
    q_cont_loss = ((code - code_fake[:, classes:]) ** 2).sum(1).mean()
    g_opt.zero_grad()
    (g_loss + q_disc_loss + q_cont_loss).backward()
    g_opt.step()
    if step % 100 == 0:
        print(f"{step} d {d_loss.item():.3f} g {g_loss.item():.3f} q {q_disc_loss.item():.3f} {q_cont_loss.item():.3f}")

noise, group, code = draw(2000)
with torch.no_grad():
    samples = generate(noise, group, code).numpy()
# how much of the continuous codes can be told from the samples: a regression on columns, squares and products
pairs = np.triu_indices(6)
terms = np.hstack([np.ones((2000, 1)), samples, samples[:, pairs[0]] * samples[:, pairs[1]]])
rest = code.numpy() - terms @ np.linalg.lstsq(terms, code.numpy(), rcond=None)[0]
ending(samples, x[:2000], told=1 - rest.var() / code.numpy().var(), d_loss=d_loss.item(), g_loss=g_loss.item())
