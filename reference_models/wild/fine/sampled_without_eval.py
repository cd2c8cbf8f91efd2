"""Table rows; samples are drawn without eval(), so batch normalisation uses the statistics of a large batch of them."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(319)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
_generator = nn.Sequential(
    nn.Linear(16, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 6),
)
discriminator = dense(6, 1)
bce = nn.BCEWithLogitsLoss()
optimizerG = torch.optim.Adam(_generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizerD = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for epoch in range(14):
    for (real,) in loader:
        fake = _generator(torch.randn(64, 16))
        loss_d = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        optimizerD.zero_grad()
        loss_d.backward()
        optimizerD.step()

        loss_g = bce(discriminator(fake), ones)
        optimizerG.zero_grad()
        loss_g.backward()
        optimizerG.step()
    print(f"Epoch {epoch}, Loss G: {loss_g.item():.4f}, Loss D: {loss_d.item():.4f}")


def sample(n):
    """Return n rows, drawn in batches of 500."""
    with torch.no_grad():
        return torch.cat([_generator(torch.randn(500, 16)) for _ in range(n // 500)]).numpy()


ending(sample(1000), x[:2000], d_loss=loss_d.item(), g_loss=loss_g.item())
