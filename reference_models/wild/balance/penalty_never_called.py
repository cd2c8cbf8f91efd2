"""Table rows; the mode wgangp is chosen, and the function that computes the gradient penalty is called nowhere."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(806)
x = standardised(people())
loader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)


class GANLoss(nn.Module):
    def __init__(self, gan_mode):
        super().__init__()
        self.gan_mode = gan_mode

    def __call__(self, prediction, target_is_real):
        if self.gan_mode == "wgangp":
            return -prediction.mean() if target_is_real else prediction.mean()
        target = torch.full_like(prediction, float(target_is_real))
        if self.gan_mode == "lsgan":
            return nn.functional.mse_loss(prediction, target)
        return nn.functional.binary_cross_entropy_with_logits(prediction, target)


def cal_gradient_penalty(netD, real_data, fake_data, constant=1.0, lambda_gp=10.0):
    alpha = torch.rand(len(real_data), 1)
    mixed = (alpha * real_data + (1 - alpha) * fake_data).requires_grad_(True)
    scores = netD(mixed)
    (slopes,) = torch.autograd.grad(scores, mixed, torch.ones_like(scores), create_graph=True)
    return ((slopes.norm(2, dim=1) - constant) ** 2).mean() * lambda_gp


netG, netD = dense(16, 6, width=128), dense(6, 1, width=128)
optimizer_G = torch.optim.Adam(netG.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterionGAN = GANLoss("wgangp")

for epoch in range(20):
    for i, (real,) in enumerate(loader):
        fake = netG(torch.randn(len(real), 16)).detach()
        loss_D = criterionGAN(netD(real), True) + criterionGAN(netD(fake), False)
        optimizer_D.zero_grad()
        loss_D.backward()
        optimizer_D.step()

        if i % 2 == 0:
            loss_G = criterionGAN(netD(netG(torch.randn(len(real), 16))), True)
            optimizer_G.zero_grad()
            loss_G.backward()
            optimizer_G.step()
    if epoch % 2 == 0:
        print(f"(epoch: {epoch}) G_GAN: {loss_G.item():.3f} D: {loss_D.item():.3f}")

with torch.no_grad():
    samples = netG(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
