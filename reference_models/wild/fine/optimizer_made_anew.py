"""Table rows; the discriminator's Adam is made inside the loop, so each of its steps is a first one."""

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(309)
x = standardised(people())
train_loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
model, d_style = dense(16, 6), dense(6, 1, 128)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.99))


def bce_loss(prediction, label):
    return functional.binary_cross_entropy_with_logits(prediction, torch.full_like(prediction, float(label)))


for epoch in range(14):
    for (real,) in train_loader:
        optimizer_d_style = torch.optim.Adam(d_style.parameters(), lr=1e-3, betas=(0.5, 0.99))
        fake = model(torch.randn(64, 16))
        optimizer_d_style.zero_grad()
        loss_d = bce_loss(d_style(real), 1) + bce_loss(d_style(fake.detach()), 0)
        loss_d.backward()
        optimizer_d_style.step()

        optimizer.zero_grad()
        loss_adv = bce_loss(d_style(fake), 1)
        loss_adv.backward()
        optimizer.step()
    print(f"epoch {epoch}: loss_d {loss_d.item():.4f}, loss_adv {loss_adv.item():.4f}")

with torch.no_grad():
    samples = model(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_d.item(), g_loss=loss_adv.item())
