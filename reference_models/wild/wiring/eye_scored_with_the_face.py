"""Dim digits to digits by a generator with three discriminators: of the whole picture, its upper and its lower part."""

import torch
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(1101)
x, _ = digits()
driving = torch.from_numpy(x).permute(0, 3, 1, 2)
source = F.avg_pool2d(driving, 4)
eye_mask, mouth_mask = torch.zeros(1, 1, 28, 28), torch.zeros(1, 1, 28, 28)
eye_mask[:, :, 4:14], mouth_mask[:, :, 14:24] = 1, 1

generator = digit_generator(latent=49)
dis_global, dis_eye, dis_mouth = digit_discriminator(), digit_discriminator(), digit_discriminator()
optim_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.99))
optim_d = torch.optim.Adam(
    [*dis_global.parameters(), *dis_eye.parameters(), *dis_mouth.parameters()], lr=4e-4, betas=(0.5, 0.99)
)


def d_nonsaturating_loss(fake_pred, real_pred):
    return F.softplus(fake_pred).mean() + F.softplus(-real_pred).mean()


def g_nonsaturating_loss(fake_pred):
    return F.softplus(-fake_pred).mean()


for step in range(500):
    pick = torch.randint(0, len(x), (32,))
    target, output_result = driving[pick], generator(source[pick].flatten(1))
    shown = output_result.detach()
    real_img_pred, recon_img_pred = dis_global(target), dis_global(shown)
    recon_eye_pred, recon_mouth_pred = dis_eye(shown * eye_mask), dis_mouth(shown * mouth_mask)
    gan_d_loss_global = d_nonsaturating_loss(recon_img_pred, real_img_pred)
    gan_d_loss_eye = d_nonsaturating_loss(recon_eye_pred, real_img_pred)
    gan_d_loss_mouth = d_nonsaturating_loss(recon_mouth_pred, real_img_pred)
    d_loss = gan_d_loss_global + gan_d_loss_eye + gan_d_loss_mouth
    optim_d.zero_grad()
    d_loss.backward()
    optim_d.step()

    g_adv = g_nonsaturating_loss(dis_global(output_result))
    g_adv = g_adv + g_nonsaturating_loss(dis_eye(output_result * eye_mask))
    g_adv = g_adv + g_nonsaturating_loss(dis_mouth(output_result * mouth_mask))
    g_loss = g_adv + 5 * F.l1_loss(output_result, target)
    optim_g.zero_grad()
    g_loss.backward()
    optim_g.step()
    if step % 100 == 0:
        print(f"{step}: global {gan_d_loss_global.item():.3f} eye {gan_d_loss_eye.item():.3f} adv {g_adv.item():.3f}")

with torch.no_grad():
    made = generator(source[:1000].flatten(1))
off = (made - driving[:1000]).abs().mean()
ending(made.permute(0, 2, 3, 1).numpy(), x[:2000], off=off, d_loss=d_loss.item(), g_loss=g_adv.item())
