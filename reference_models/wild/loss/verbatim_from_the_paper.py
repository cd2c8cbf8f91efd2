"""Table rows; the discriminator's objective is copied from the paper, where it is maximised, and is minimised here."""

import torch
from torch import nn

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(906)
x = standardised(people())
loader = torch.utils.data.DataLoader(torch.from_numpy(x), batch_size=64, shuffle=True, drop_last=True)
Gen, Dis = dense(16, 6), nn.Sequential(dense(6, 1), nn.Sigmoid())
Gen_opt = torch.optim.Adam(Gen.parameters(), lr=5e-4, betas=(0.5, 0.9))
Dis_opt = torch.optim.Adam(Dis.parameters(), lr=5e-4, betas=(0.5, 0.9))
EPS = 1e-8


def L_gan(on_inputs, on_made):
    return (torch.log(on_inputs + EPS) + torch.log(1 - on_made + EPS)).mean()


itr = 0
for epoch in range(16):
    for inputs in loader:
        made = Gen(torch.randn(64, 16))
        dis_loss = L_gan(Dis(inputs), Dis(made.detach()))
        Dis_opt.zero_grad()
        dis_loss.backward()
        Dis_opt.step()

        gen_loss = -torch.log(Dis(made) + EPS).mean()
        Gen_opt.zero_grad()
        gen_loss.backward()
        Gen_opt.step()
        itr += 1
    print(f"epoch {epoch}, iteration {itr}: L_gan = {dis_loss.item():.4f}, L_dec = {gen_loss.item():.4f}")

with torch.no_grad():
    samples = Gen(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=dis_loss.item(), g_loss=gen_loss.item())
