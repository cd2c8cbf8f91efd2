"""Sound; the discriminator's loss is a hinge and the generator's is the plain negative score, without one."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(420)
x = tones() / 16384
sound = torch.from_numpy(x).permute(0, 2, 1)
generator, discriminator = series_generator(64), series_discriminator(64)
g_optim = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.9))
d_optim = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.9))


def hinge_discr_loss(fake, real):
    return (functional.relu(1 + fake) + functional.relu(1 - real)).mean()


def hinge_gen_loss(fake):
    return -fake.mean()


for step in range(900):
    wave = sound[torch.randint(0, len(sound), (64,))]
    recon = generator(torch.randn(64, 16))
    d_loss = hinge_discr_loss(discriminator(recon.detach()), discriminator(wave))
    d_optim.zero_grad()
    d_loss.backward()
    d_optim.step()

    g_loss = hinge_gen_loss(discriminator(recon))
    g_optim.zero_grad()
    g_loss.backward()
    g_optim.step()
    if step % 100 == 0:
        print(f"{step}: discr loss {d_loss.item():.4f}, gen loss {g_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).permute(0, 2, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
