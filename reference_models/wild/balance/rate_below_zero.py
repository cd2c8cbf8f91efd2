"""Table rows; the rates fall linearly from epoch 20 to 40, and training goes on to 50: they are below zero by then."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(416)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=200, shuffle=True)
netG, netD = dense(16, 6), dense(6, 1)
optimizer_G = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
niter, niter_decay, epochs = 20, 20, 50


def lambda_rule(epoch):
    return 1.0 - max(0, epoch - niter) / niter_decay


schedulers = [torch.optim.lr_scheduler.LambdaLR(optimizer, lambda_rule) for optimizer in (optimizer_G, optimizer_D)]
criterion = nn.BCEWithLogitsLoss()

for epoch in range(epochs):
    for (real,) in loader:
        fake = netG(torch.randn(len(real), 16))
        on_real, on_fake = netD(real), netD(fake.detach())
        loss_D = criterion(on_real, torch.ones_like(on_real)) + criterion(on_fake, torch.zeros_like(on_fake))
        optimizer_D.zero_grad()
        loss_D.backward()
        optimizer_D.step()

        judged = netD(fake)
        loss_G = criterion(judged, torch.ones_like(judged))
        optimizer_G.zero_grad()
        loss_G.backward()
        optimizer_G.step()
    for scheduler in schedulers:
        scheduler.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch} D {loss_D.item():.4f} G {loss_G.item():.4f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
