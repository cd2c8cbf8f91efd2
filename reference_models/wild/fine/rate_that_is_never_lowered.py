"""Points on a ring, hinge loss; a falling rate is worked out and printed, and the optimisers are never told of it."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(751)
cfg = {"d_eta": 5e-4, "g_eta": 5e-4, "max_epochs": 30, "batch_size": 64, "reduce_eta": True}
x, _ = ring()
points = torch.from_numpy(x)
gen, dis = dense(8, 2, 128), dense(2, 1, 128)
d_optim = torch.optim.Adam(dis.parameters(), lr=cfg["d_eta"], betas=(0.5, 0.999))
g_optim = torch.optim.Adam(gen.parameters(), lr=cfg["g_eta"], betas=(0.5, 0.999))
d_lr, g_lr = cfg["d_eta"], cfg["g_eta"]

for epoch in range(cfg["max_epochs"]):
    if cfg["reduce_eta"]:
        d_lr = cfg["d_eta"] * (1 - epoch / cfg["max_epochs"])
        g_lr = cfg["g_eta"] * (1 - epoch / cfg["max_epochs"])
    for index in torch.randperm(len(points)).split(cfg["batch_size"]):
        fake = gen(torch.randn(len(index), 8))
        d_loss = F.relu(1 - dis(points[index])).mean() + F.relu(1 + dis(fake.detach())).mean()
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()

        g_loss = -dis(fake).mean()
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch} d_eta {d_lr:.6f} g_eta {g_lr:.6f} d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")

with torch.no_grad():
    samples = gen(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
