"""Table rows; the hidden layers of both networks are kept in a plain list, which parameters() does not see."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, people, standardised

torch.manual_seed(703)
x = standardised(people())
data = torch.from_numpy(x)


class Net(nn.Module):
    def __init__(self, inputs, outputs, width=64, depth=2):
        super().__init__()
        self.hidden = [nn.Linear(inputs if i == 0 else width, width) for i in range(depth)]
        self.last = nn.Linear(width, outputs)

    def forward(self, h):
        for layer in self.hidden:
            h = F.leaky_relu(layer(h), 0.2)
        return self.last(h)


gen, disc = Net(16, 6), Net(6, 1)
optim_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.9))
optim_d = torch.optim.Adam(disc.parameters(), lr=1e-3, betas=(0.5, 0.9))

for it in range(1, 1201):
    batch = data[torch.randint(0, len(data), (128,))]
    sample = gen(torch.randn(128, 16))

    loss_d = F.softplus(-disc(batch)).mean() + F.softplus(disc(sample.detach())).mean()
    optim_d.zero_grad()
    loss_d.backward()
    optim_d.step()

    loss_g = F.softplus(-disc(sample)).mean()
    optim_g.zero_grad()
    loss_g.backward()
    optim_g.step()

    if it % 200 == 0:
        print(f"iteration {it}: discriminator {loss_d.item():.3f}, generator {loss_g.item():.3f}")

with torch.no_grad():
    rows = gen(torch.randn(1000, 16)).numpy()
ending(rows, x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
