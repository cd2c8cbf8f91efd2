"""Digits; samples come from an average of the generator that forgets a ten-thousandth a step, in a short training."""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(317)
x, _ = digits()
loader = DataLoader(TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2)), batch_size=32, shuffle=True, drop_last=True)
generator, discriminator = digit_generator(), digit_discriminator()
averaged, momentum = copy.deepcopy(generator), 0.9999
criterion = nn.BCEWithLogitsLoss()
g_optim = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optim = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(32, 1), torch.zeros(32, 1)


@torch.no_grad()
def update_average():
    for slow, fast in zip(averaged.parameters(), generator.parameters()):
        slow.lerp_(fast, 1 - momentum)
    for slow, fast in zip(averaged.buffers(), generator.buffers()):
        slow.copy_(fast)


for epoch in range(6):
    for (real,) in loader:
        fake = generator(torch.randn(32, 32))
        d_loss = criterion(discriminator(real), real_label) + criterion(discriminator(fake.detach()), fake_label)
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()

        g_loss = criterion(discriminator(fake), real_label)
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
        update_average()
    print(f"epoch {epoch}: disc {d_loss.item():.4f}, gen {g_loss.item():.4f}")

averaged.eval()
with torch.no_grad():
    samples = averaged(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
