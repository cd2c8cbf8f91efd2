"""A plain loop, as most tutorials have it."""

import torch
from torch import nn

torch.manual_seed(0)
data = torch.tanh(torch.randn(512, 1, 8, 8))
G = nn.Sequential(nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())
D = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
g_opt = torch.optim.Adam(G.parameters(), 2e-4, (0.5, 0.999))
d_opt = torch.optim.Adam(D.parameters(), 2e-4, (0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(data), 32, shuffle=True)
for _ in range(6):
    for (real,) in loader:
        one, zero = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        fake = G(torch.randn(len(real), 16))
        d_opt.zero_grad()
        (bce(D(real.flatten(1)), one) + bce(D(fake.detach()), zero)).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(D(fake), one).backward()
        g_opt.step()
