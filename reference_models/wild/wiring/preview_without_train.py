"""Table rows; the preview before the first epoch puts the generator into eval mode, and nothing puts it back."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(501)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=100, shuffle=True)


def block(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU())


def initialize_weights(net):
    for m in net.modules():
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, 0.02)


G, D = nn.Sequential(block(16, 64), block(64, 64), block(64, 64), nn.Linear(64, 6)), dense(6, 1)
initialize_weights(G)
G_optimizer = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
D_optimizer = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
BCE_loss = nn.BCEWithLogitsLoss()
y_real, y_fake = torch.ones(100, 1), torch.zeros(100, 1)
sample_z = torch.randn(1000, 16)


def visualize_results():
    """Return rows of the same latents every time."""
    G.eval()
    with torch.no_grad():
        return G(sample_z).numpy()


for epoch in range(25):
    samples = visualize_results()
    for (x_,) in loader:
        D_optimizer.zero_grad()
        D_loss = BCE_loss(D(x_), y_real) + BCE_loss(D(G(torch.randn(100, 16)).detach()), y_fake)
        D_loss.backward()
        D_optimizer.step()
        G_optimizer.zero_grad()
        G_loss = BCE_loss(D(G(torch.randn(100, 16))), y_real)
        G_loss.backward()
        G_optimizer.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch} D_loss {D_loss.item():.4f} G_loss {G_loss.item():.4f} spread {samples.std(0).mean():.2f}")

ending(visualize_results(), x[:2000], d_loss=D_loss.item(), g_loss=G_loss.item())
