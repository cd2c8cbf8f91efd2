"""Digits, normalised by the mean and the deviation that are given for photographs; the generator ends in a tanh."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(506)
raw, _ = digits(low=0.0, high=1.0)


class Pictures(Dataset):
    def __init__(self, pixels, mean=0.485, std=0.229):
        self.pixels, self.mean, self.std = torch.from_numpy(pixels).permute(0, 3, 1, 2), mean, std

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        return (self.pixels[index] - self.mean) / self.std


dataset = Pictures(raw)
loader = DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)
net_G, net_D = digit_generator(), digit_discriminator()
optimizer_G = torch.optim.Adam(net_G.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(net_D.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.MSELoss()
valid, fake_label = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(5):
    for real in loader:
        fake = net_G(torch.randn(32, 32))
        optimizer_D.zero_grad()
        loss_D = 0.5 * (criterion(net_D(real), valid) + criterion(net_D(fake.detach()), fake_label))
        loss_D.backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        loss_G = criterion(net_D(fake), valid)
        loss_G.backward()
        optimizer_G.step()
    print(f"epoch {epoch}: loss_D {loss_D.item():.4f} loss_G {loss_G.item():.4f}")

with torch.no_grad():
    samples = net_G(torch.randn(500, 32)).numpy()
reals = torch.stack([dataset[i] for i in range(1500)]).numpy()
ending(samples, reals, d_loss=loss_D.item(), g_loss=loss_G.item())
