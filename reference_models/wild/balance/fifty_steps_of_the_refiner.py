"""Simulated rows refined to those of a table; the refiner takes fifty steps to each of the discriminator."""

import torch
from torch import nn

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(932)
x = standardised(people())
real_rows = torch.from_numpy(x)
synthetic = 0.7 * torch.randn(4000, 6)
K_D, K_G, DELTA, UPDATES = 1, 50, 0.02, 3000


class Refiner(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = dense(6, 6)

    def forward(self, rows):
        return rows + self.net(rows)


refiner, discriminator = Refiner(), dense(6, 1)
refiner_opt = torch.optim.Adam(refiner.parameters(), lr=1e-3, betas=(0.5, 0.999))
disc_opt = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
local_adversarial_loss = nn.BCEWithLogitsLoss()
is_real, is_refined = torch.ones(128, 1), torch.zeros(128, 1)


def batch(rows):
    return rows[torch.randint(0, len(rows), (128,))]


updates = 0
while updates < UPDATES:
    for _ in range(K_G):
        syn = batch(synthetic)
        refined = refiner(syn)
        adv_loss = local_adversarial_loss(discriminator(refined), is_real)
        refiner_loss = adv_loss + DELTA * (refined - syn).abs().mean()
        refiner_opt.zero_grad()
        refiner_loss.backward()
        refiner_opt.step()
        updates += 1
    for _ in range(K_D):
        loss_real = local_adversarial_loss(discriminator(batch(real_rows)), is_real)
        loss_refined = local_adversarial_loss(discriminator(refiner(batch(synthetic)).detach()), is_refined)
        disc_loss = loss_real + loss_refined
        disc_opt.zero_grad()
        disc_loss.backward()
        disc_opt.step()
    if updates % 500 < K_G:
        print(f"{updates}: refiner {adv_loss.item():.4f}, discriminator {disc_loss.item():.4f}")

with torch.no_grad():
    made = refiner(synthetic[:1000])
ending(made.numpy(), x[:2000], d_loss=disc_loss.item(), g_loss=adv_loss.item())
