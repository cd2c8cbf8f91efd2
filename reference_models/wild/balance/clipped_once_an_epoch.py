"""Table rows, WGAN; the critic's weights are clipped when an epoch is over, not after each of its updates."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(308)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=16, shuffle=True, drop_last=True)
netG, netD = dense(16, 6), dense(6, 1)
optimizerG = torch.optim.RMSprop(netG.parameters(), lr=5e-4)
optimizerD = torch.optim.RMSprop(netD.parameters(), lr=2e-3)
clip, n_critic, epochs = 0.1, 2, 4

for epoch in range(epochs):
    for i, (real,) in enumerate(loader):
        netD.zero_grad()
        fake = netG(torch.randn(16, 16)).detach()
        errD = netD(fake).mean() - netD(real).mean()
        errD.backward()
        optimizerD.step()

        if i % n_critic == 0:
            netG.zero_grad()
            errG = -netD(netG(torch.randn(16, 16))).mean()
            errG.backward()
            optimizerG.step()
    with torch.no_grad():
        for weight in netD.parameters():
            weight.clamp_(-clip, clip)
    print(f"epoch {epoch} errD {errD.item():.4f} errG {errG.item():.4f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=errD.item(), g_loss=errG.item())
