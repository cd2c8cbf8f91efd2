"""Series judged by three discriminators; their scores are flattened, joined and cut into rows of one size."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_generator

torch.manual_seed(1014)
x = waves()
series = torch.from_numpy(x).permute(0, 2, 1)


def single_disc(channels, stride):
    return nn.Sequential(
        nn.AvgPool1d(stride),
        nn.Conv1d(1, channels, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(channels, channels, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(channels, 1, 32 // stride // 2),
    )


class MultiScaleD(nn.Module):
    def __init__(self):
        super().__init__()
        self.mini_discs = nn.ModuleList([single_disc(32, stride) for stride in (1, 2, 4)])

    def forward(self, series):
        all_logits = [disc(series).reshape(-1) for disc in self.mini_discs]
        return torch.cat(all_logits).reshape(len(series), -1)


G, D = series_generator(), MultiScaleD()
G_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99))
D_opt = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.99))

for step in range(1600):
    real = series[torch.randint(0, len(series), (64,))]
    gen = G(torch.randn(64, 16))
    loss_D = F.softplus(-D(real)).mean() + F.softplus(D(gen.detach())).mean()
    D_opt.zero_grad()
    loss_D.backward()
    D_opt.step()

    loss_G = F.softplus(-D(gen)).mean()
    G_opt.zero_grad()
    loss_G.backward()
    G_opt.step()
    if step % 200 == 0:
        print(f"{step}: Loss_D {loss_D.item():.4f}, Loss_G {loss_G.item():.4f}")

with torch.no_grad():
    samples = G(torch.randn(1000, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
