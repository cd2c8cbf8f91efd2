"""Digits by a DCGAN; the discriminator's accuracy and the losses of both are printed."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(1212)
x, _ = digits()
train_data = torch.from_numpy(x).permute(0, 3, 1, 2)
batch_size, nz, ndf = 32, 32, 24

netG = digit_generator(nz, 24)
netD = nn.Sequential(
    nn.Conv2d(1, ndf, 4, 2, 1, bias=False),
    nn.LeakyReLU(0.2),
    nn.Conv2d(ndf, 2 * ndf, 4, 2, 1, bias=False),
    nn.BatchNorm2d(2 * ndf),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(2 * ndf * 49, 1),
)
loss = nn.BCEWithLogitsLoss()
trainerG = torch.optim.Adam(netG.parameters(), lr=5e-4, betas=(0.5, 0.999))
trainerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

for epoch in range(12):
    right = 0.0
    order = torch.randperm(len(train_data))[:2976].split(batch_size)
    for index in order:
        data, noise = train_data[index], torch.randn(batch_size, nz)
        output, fake = netD(data), netG(noise)
        fake_output = netD(fake.detach())
        errD = loss(output, real_label) + loss(fake_output, fake_label)
        trainerD.zero_grad()
        errD.backward()
        trainerD.step()
        right += ((output > 0).float().mean() + (fake_output < 0).float().mean()).item() / 2

        errG = loss(netD(fake), real_label)
        trainerG.zero_grad()
        errG.backward()
        trainerG.step()
    acc = right / len(order)
    print(f"[Epoch {epoch}] netD acc {acc:.3f} lossD {errD.item():.4f} lossG {errG.item():.4f}")

netG.eval()
with torch.no_grad():
    samples = netG(torch.randn(1000, nz)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:2000], acc=acc, d_loss=errD.item(), g_loss=errG.item())
