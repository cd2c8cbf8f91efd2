"""Digits; the average that is sampled, in evaluation mode, takes in the generator's parameters and no more."""

from copy import deepcopy

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(808)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
dataloader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)

netG, netD = digit_generator(), digit_discriminator()
avg_param_G = deepcopy([p.data for p in netG.parameters()])
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))

for epoch in range(6):
    for (real_image,) in dataloader:
        fake_images = netG(torch.randn(len(real_image), 32))
        netD.zero_grad()
        err_dr = F.relu(1 - netD(real_image)).mean() + F.relu(1 + netD(fake_images.detach())).mean()
        err_dr.backward()
        optimizerD.step()

        netG.zero_grad()
        err_g = -netD(fake_images).mean()
        err_g.backward()
        optimizerG.step()
        for p, avg_p in zip(netG.parameters(), avg_param_G):
            avg_p.mul_(0.98).add_(0.02 * p.data)
    print(f"epoch {epoch}: loss d: {err_dr.item():.5f} loss g: {-err_g.item():.5f}")

net_ig = digit_generator()
for p, avg_p in zip(net_ig.parameters(), avg_param_G):
    p.data.copy_(avg_p)
net_ig.eval()
with torch.no_grad():
    samples = net_ig(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=err_dr.item(), g_loss=err_g.item())
