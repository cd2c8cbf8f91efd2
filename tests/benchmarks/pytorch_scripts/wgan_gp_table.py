"""A Wasserstein critic with a gradient penalty on a table of three columns."""

import numpy as np
import pandas as pd
import torch
from torch import nn

rng = np.random.default_rng(0)
frame = pd.DataFrame(
    {
        "age": rng.normal(40, 12, 1000),
        "income": rng.lognormal(10, 0.4, 1000),
        "children": rng.poisson(1.2, 1000).astype(float),
    }
)
table = torch.tensor(((frame - frame.mean()) / frame.std()).to_numpy(), dtype=torch.float32)
torch.manual_seed(0)
gen = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
critic = nn.Sequential(nn.Linear(3, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
g_opt = torch.optim.Adam(gen.parameters(), 1e-4, (0.0, 0.9))
c_opt = torch.optim.Adam(critic.parameters(), 1e-4, (0.0, 0.9))
for _ in range(60):
    for _ in range(5):
        real = table[torch.randint(0, 1000, (64,))]
        fake = gen(torch.randn(64, 8)).detach()
        share = torch.rand(64, 1)
        between = (share * real + (1 - share) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        loss = critic(fake).mean() - critic(real).mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
        c_opt.zero_grad()
        loss.backward()
        c_opt.step()
    g_opt.zero_grad()
    (-critic(gen(torch.randn(64, 8))).mean()).backward()
    g_opt.step()
