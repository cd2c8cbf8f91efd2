"""Table rows; the discriminator's gradients are computed and its optimiser is never told to step."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(406)
x = standardised(people())
rows = torch.from_numpy(x)
generator, discriminator = dense(16, 6), dense(6, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))

for batch_idx in range(900):
    true = rows[torch.randint(0, len(rows), (128,))]
    fake = generator(torch.randn(128, 16))

    optimizer_d.zero_grad()
    fake_scalar, true_scalar = discriminator(fake.detach()), discriminator(true)
    loss_D = functional.relu(1 - true_scalar).mean() + functional.relu(1 + fake_scalar).mean()
    loss_D.backward()

    optimizer_g.zero_grad()
    GAN_Loss = -discriminator(fake).mean()
    GAN_Loss.backward()
    optimizer_g.step()
    if batch_idx % 100 == 0:
        print(f"[Batch {batch_idx}/900] [D Loss: {loss_D.item():.5f}] [G Loss: {GAN_Loss.item():.5f}]")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=GAN_Loss.item())
