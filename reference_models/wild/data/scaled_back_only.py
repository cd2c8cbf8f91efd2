"""Series of notes; the line that scales them for training is commented out, the one that scales samples back is not."""

import torch
from torch import nn

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(206)
notes = waves() * 242.0 + 242.0
x_train = torch.from_numpy(notes).permute(0, 2, 1)
# x_train = (x_train - 242.0) / 242.0

generator, discriminator = series_generator(), series_discriminator()
criterion = nn.BCEWithLogitsLoss()
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
real, fake = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(700):
    real_seqs = x_train[torch.randint(0, len(x_train), (64,))]
    gen_seqs = generator(torch.randn(64, 16))
    d_loss = 0.5 * (criterion(discriminator(real_seqs), real) + criterion(discriminator(gen_seqs.detach()), fake))
    optimizer_d.zero_grad()
    d_loss.backward()
    optimizer_d.step()

    g_loss = criterion(discriminator(generator(torch.randn(64, 16))), real)
    optimizer_g.zero_grad()
    g_loss.backward()
    optimizer_g.step()
    if step % 50 == 0:
        print(f"{step} [D loss: {d_loss.item():.4f}] [G loss: {g_loss.item():.4f}]")

with torch.no_grad():
    pred_notes = (generator(torch.randn(500, 16)) * 242.0 + 242.0).permute(0, 2, 1).numpy()
ending(pred_notes, notes[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
