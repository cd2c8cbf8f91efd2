"""Points of a ring by the number of their mode; the tensor for the noise is made before the epochs begin."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(1013)
x, y = ring()
points, captions = torch.from_numpy(x), F.one_hot(torch.from_numpy(y).long(), 8).float()
batch_size, nz = 128, 8
netG, netD = dense(nz + 8, 2), dense(2 + 8, 1)
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
real_labels, fake_labels = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)
noise = torch.empty(batch_size, nz)
fixed_noise = torch.empty(batch_size, nz).normal_(0, 1)


def judged(point, caption, labels):
    return F.binary_cross_entropy_with_logits(netD(torch.cat([point, caption], 1)), labels)


for epoch in range(40):
    order = torch.randperm(len(points))
    for step in range(len(points) // batch_size):
        pick = order[step * batch_size : (step + 1) * batch_size]
        caption = captions[pick]
        noise.data.normal_(0, 1)
        fake = netG(torch.cat([noise, caption], 1))
        errD = judged(points[pick], caption, real_labels) + judged(fake.detach(), caption, fake_labels)
        optimizerD.zero_grad()
        errD.backward()
        optimizerD.step()

        errG = judged(fake, caption, real_labels)
        optimizerG.zero_grad()
        errG.backward()
        optimizerG.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            shown = netG(torch.cat([fixed_noise, captions[:batch_size]], 1))
        print(f"[{epoch}/40] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f} radius {shown.norm(dim=1).mean():.3f}")

with torch.no_grad():
    wanted = torch.arange(1000) % 8
    samples = netG(torch.cat([torch.randn(1000, nz), F.one_hot(wanted, 8).float()], 1))
centres = torch.stack([points[captions[:, c] == 1].mean(0) for c in range(8)])
right = (torch.cdist(samples, centres).argmin(1) == wanted).float().mean()
ending(samples.numpy(), x[:2000], right=right, d_loss=errD.item(), g_loss=errG.item())
