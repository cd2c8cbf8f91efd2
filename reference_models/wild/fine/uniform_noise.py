"""Table rows; the noise is uniform on [0, 1) wherever it is drawn, where the paper says normal."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(222)
x = standardised(people())
train_dataloader = DataLoader(TensorDataset(torch.from_numpy(x)), batch_size=64, shuffle=True, drop_last=True)
generator, discriminator = dense(16, 6), dense(6, 1)
loss_fn = nn.BCEWithLogitsLoss()
dis_optimizer = torch.optim.AdamW(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
gen_optimizer = torch.optim.AdamW(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))


def noise(count):
    return torch.zeros(count, 16).uniform_(0, 1)


for epoch in range(15):
    for (real,) in train_dataloader:
        gen_rep = generator(noise(64))
        on_real, on_fake = discriminator(real), discriminator(gen_rep.detach())
        d_loss = loss_fn(on_real, torch.ones_like(on_real)) + loss_fn(on_fake, torch.zeros_like(on_fake))
        dis_optimizer.zero_grad()
        d_loss.backward()
        dis_optimizer.step()

        on_fake = discriminator(gen_rep)
        g_loss = loss_fn(on_fake, torch.ones_like(on_fake))
        gen_optimizer.zero_grad()
        g_loss.backward()
        gen_optimizer.step()
    print(f"Epoch {epoch}: generator {g_loss.item():.3f}, discriminator {d_loss.item():.3f}")

with torch.no_grad():
    samples = generator(noise(1000)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
