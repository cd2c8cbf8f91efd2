"""Points on a ring; the discriminator is not frozen for the generator's step, but its gradients are cleared after it."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(226)
x, _ = ring()
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=128, shuffle=True, drop_last=True)
gen, dis = dense(8, 2), dense(2, 1)
bce = nn.BCEWithLogitsLoss()
gen_opt = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.999))
dis_opt = torch.optim.Adam(dis.parameters(), lr=1e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(128, 1), torch.zeros(128, 1)


def dis_update(real):
    dis_opt.zero_grad()
    fake = gen(torch.randn(128, 8)).detach()
    loss = bce(dis(real), ones) + bce(dis(fake), zeros)
    loss.backward()
    dis_opt.step()
    return loss.item()


def gen_update():
    gen_opt.zero_grad()
    loss = bce(dis(gen(torch.randn(128, 8))), ones)
    loss.backward()
    gen_opt.step()
    return loss.item()


for epoch in range(30):
    for (real,) in loader:
        d_loss, g_loss = dis_update(real), gen_update()
    print(f"epoch {epoch}: dis {d_loss:.3f}, gen {g_loss:.3f}")

with torch.no_grad():
    samples = gen(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=d_loss, g_loss=g_loss)
