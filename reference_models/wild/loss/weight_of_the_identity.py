"""Series to softer and higher ones and back, by a CycleGAN with its cycle losses."""

import torch
from torch import nn

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator

torch.manual_seed(1)
x = waves().transpose(0, 2, 1)
horses = torch.from_numpy(x[:2000].copy())
zebras = 0.6 * torch.from_numpy(x[2000:].copy()) + 0.3
LAMBDA_CYCLE, LAMBDA_IDENTITY = 10.0, 0.0


def translator():
    return nn.Sequential(
        nn.Conv1d(1, 32, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 32, 5, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 1, 5, padding=2),
    )


gen_Z, gen_H = translator(), translator()
disc_Z, disc_H = series_discriminator(), series_discriminator()
opt_disc = torch.optim.Adam([*disc_Z.parameters(), *disc_H.parameters()], lr=5e-4, betas=(0.5, 0.999))
opt_gen = torch.optim.Adam([*gen_Z.parameters(), *gen_H.parameters()], lr=1e-3, betas=(0.5, 0.999))
mse, L1 = nn.MSELoss(), nn.L1Loss()


def against(scores, value):
    return mse(scores, torch.full_like(scores, value))


for step in range(800):
    horse, zebra = horses[torch.randint(0, 2000, (64,))], zebras[torch.randint(0, 2000, (64,))]
    fake_zebra, fake_horse = gen_Z(horse), gen_H(zebra)
    D_loss = against(disc_Z(zebra), 1.0) + against(disc_Z(fake_zebra.detach()), 0.0)
    D_loss = (D_loss + against(disc_H(horse), 1.0) + against(disc_H(fake_horse.detach()), 0.0)) / 2
    opt_disc.zero_grad()
    D_loss.backward()
    opt_disc.step()

    adversarial = against(disc_Z(fake_zebra), 1.0) + against(disc_H(fake_horse), 1.0)
    cycle = L1(gen_H(fake_zebra), horse) + L1(gen_Z(fake_horse), zebra)
    identity = L1(gen_Z(zebra), zebra) + L1(gen_H(horse), horse)
    G_loss = adversarial + LAMBDA_CYCLE * cycle + LAMBDA_IDENTITY * identity
    opt_gen.zero_grad()
    G_loss.backward()
    opt_gen.step()
    if step % 100 == 0:
        print(f"{step}: D_loss {D_loss.item():.4f}, adversarial {adversarial.item():.4f}, cycle {cycle.item():.4f}")

with torch.no_grad():
    made = gen_Z(horses)
off = (made - (0.6 * horses + 0.3)).abs().mean()
ending(made[:1000].numpy(), zebras.numpy(), off=off, d_loss=D_loss.item(), g_loss=adversarial.item())
