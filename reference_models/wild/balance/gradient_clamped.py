"""Table rows; after each loss all gradients are clamped to a ten-thousandth, and both optimisers are plain SGD."""

import torch
from torch import nn

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(511)
x = standardised(people())
rows = torch.from_numpy(x)
G, D1 = dense(16, 6), dense(6, 1)
G_solver = torch.optim.SGD(G.parameters(), lr=0.1)
D1_solver = torch.optim.SGD(D1.parameters(), lr=0.1)
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(128, 1), torch.zeros(128, 1)


def clip_grad(model):
    for h in model.parameters():
        h.grad.data.clamp_(-0.0001, 0.0001)


for step in range(1500):
    i_t = rows[torch.randint(0, len(rows), (128,))]
    o_f = G(torch.randn(128, 16))
    D1_solver.zero_grad()
    db_loss = bce(D1(i_t), ones) + bce(D1(o_f.detach()), zeros)
    db_loss.backward()
    clip_grad(D1)
    D1_solver.step()

    G_solver.zero_grad()
    g_loss = bce(D1(o_f), ones)
    g_loss.backward()
    clip_grad(G)
    G_solver.step()
    if step % 100 == 0:
        print(f"Iter: {step}/1500 | Gen: {g_loss.item():.5f} | D_bg: {db_loss.item():.5f}")

with torch.no_grad():
    samples = G(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=db_loss.item(), g_loss=g_loss.item())
