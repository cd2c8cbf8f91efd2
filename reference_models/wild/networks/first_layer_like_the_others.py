"""Table rows by a GAN that is written out as functions: every hidden layer is normalised, that of the rows, too."""

import itertools

import torch
from torch.nn import functional as F

from reference_models.wild.data import ending, people, standardised

torch.manual_seed(1006)
x = standardised(people())
rows = torch.from_numpy(x)


def init_random_params(*sizes):
    return [
        ((torch.randn(a, b) * (2 / a) ** 0.5).requires_grad_(), torch.zeros(b, requires_grad=True))
        for a, b in itertools.pairwise(sizes)
    ]


def batch_normalize(h):
    return (h - h.mean(0, keepdim=True)) / (h.std(0, keepdim=True) + 1e-3)


def neural_net_predict(params, h):
    for w, b in params[:-1]:
        h = F.leaky_relu(batch_normalize(h @ w + b), 0.2)
    w, b = params[-1]
    return h @ w + b


def flat(params):
    return [tensor for pair in params for tensor in pair]


gen_params, dsc_params = init_random_params(16, 64, 64, 6), init_random_params(6, 64, 64, 1)
gen_optim = torch.optim.Adam(flat(gen_params), lr=1e-3, betas=(0.5, 0.999))
dsc_optim = torch.optim.Adam(flat(dsc_params), lr=1e-3, betas=(0.5, 0.999))

for it in range(2500):
    real = rows[torch.randint(0, len(rows), (128,))]
    fake = neural_net_predict(gen_params, torch.randn(128, 16))
    on_real, on_fake = neural_net_predict(dsc_params, real), neural_net_predict(dsc_params, fake.detach())
    dsc_loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    dsc_optim.zero_grad()
    dsc_loss.backward()
    dsc_optim.step()

    gen_loss = F.softplus(-neural_net_predict(dsc_params, fake)).mean()
    gen_optim.zero_grad()
    gen_loss.backward()
    gen_optim.step()
    if it % 250 == 0:
        print(f"{it}: generator {gen_loss.item():.4f}, discriminator {dsc_loss.item():.4f}")

with torch.no_grad():
    samples = neural_net_predict(gen_params, torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=dsc_loss.item(), g_loss=gen_loss.item())
