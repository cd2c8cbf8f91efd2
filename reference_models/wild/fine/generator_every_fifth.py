"""Points on a ring, WGAN with clipping; the generator is updated on every fifth batch, the critic on each."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(223)
x, _ = ring()
dataloader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
generator, discriminator = dense(8, 2), dense(2, 1)
n_critic, clip_value = 5, 0.1
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=1e-3)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=1e-3)

batches_done = 0
for epoch in range(50):
    for i, (real,) in enumerate(dataloader):
        optimizer_D.zero_grad()
        fake = generator(torch.randn(64, 8)).detach()
        loss_D = -torch.mean(discriminator(real)) + torch.mean(discriminator(fake))
        loss_D.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-clip_value, clip_value)

        if i % n_critic == 0:
            optimizer_G.zero_grad()
            loss_G = -torch.mean(discriminator(generator(torch.randn(64, 8))))
            loss_G.backward()
            optimizer_G.step()
        batches_done += 1
    if epoch % 5 == 0:
        print(f"[Epoch {epoch}/50] [Batch {batches_done}] [D loss: {loss_D.item():.4f}] [G loss: {loss_G.item():.4f}]")

with torch.no_grad():
    samples = generator(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=loss_D.item(), g_loss=loss_G.item())
