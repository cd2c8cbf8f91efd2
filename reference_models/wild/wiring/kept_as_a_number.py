"""Digits from their means over four fields and noise; the adversarial loss is kept for the log before the losses are added."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(1001)
x, _ = digits()
full = torch.from_numpy(x).permute(0, 3, 1, 2)
under = F.avg_pool2d(full, 14).flatten(1)
recon_net, netD = digit_generator(latent=20), digit_discriminator()
optimizer = torch.optim.Adam(recon_net.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=5e-4, betas=(0.5, 0.999))
criterion, adversarial = nn.L1Loss(), nn.BCEWithLogitsLoss()
valid, fake = torch.ones(32, 1), torch.zeros(32, 1)
log = {"rec": [], "adv_g": [], "adv_d": []}

for batch in range(800):
    pick = torch.randint(0, len(full), (32,))
    target = full[pick]
    rec = recon_net(torch.cat([under[pick], torch.randn(32, 16)], 1))
    loss_adv_d = adversarial(netD(target), valid) + adversarial(netD(rec.detach()), fake)
    optimizer_D.zero_grad()
    loss_adv_d.backward()
    optimizer_D.step()

    loss_rec = criterion(rec, target)
    loss_adv_g = adversarial(netD(rec), valid).detach().item()
    loss = loss_rec + loss_adv_g
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for name, value in zip(log, (float(loss_rec), float(loss_adv_g), float(loss_adv_d))):
        log[name].append(value)
    if batch % 100 == 0:
        print(f"batch {batch}: " + ", ".join(f"{name} {values[-1]:.4f}" for name, values in log.items()))

with torch.no_grad():
    made = recon_net(torch.cat([under[:1000], torch.randn(1000, 16)], 1)).permute(0, 2, 3, 1).numpy()
ending(made, x[:2000], d_loss=log["adv_d"][-1], g_loss=log["adv_g"][-1])
