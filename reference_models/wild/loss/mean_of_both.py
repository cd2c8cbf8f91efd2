"""Table rows, WGAN with clipping; a bracket closes too late, so the critic raises the scores of reals and of fakes."""

import torch

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(210)
x = standardised(people())
rows = torch.from_numpy(x)
generator, discriminator = dense(16, 6), dense(6, 1)
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=5e-4)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=5e-4)
batches_done = 0

for epoch in range(40):
    order = torch.randperm(len(rows))
    for i in range(0, len(rows) - 63, 64):
        real_imgs = rows[order[i : i + 64]]
        optimizer_D.zero_grad()
        fake_imgs = generator(torch.randn(64, 16)).detach()
        loss_D = -torch.mean(discriminator(real_imgs) + torch.mean(discriminator(fake_imgs)))
        loss_D.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-0.1, 0.1)

        if batches_done % 3 == 0:
            optimizer_G.zero_grad()
            loss_G = -torch.mean(discriminator(generator(torch.randn(64, 16))))
            loss_G.backward()
            optimizer_G.step()
        batches_done += 1
    if epoch % 5 == 0:
        print(f"[Epoch {epoch}/40] [D loss: {loss_D.item():.4f}] [G loss: {loss_G.item():.4f}]")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
