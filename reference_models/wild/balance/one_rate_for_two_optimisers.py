"""Points on a ring; one function sets the generator's rate, that of plain descent, in the discriminator's Adam, too."""

import math

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(741)
x, _ = ring()
points = torch.from_numpy(x)
EPOCHS, BATCH = 60, 64

student, discriminator = dense(4, 2, 128), dense(2, 1, 128)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.5)
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_label, fake_label = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)


def set_learning_rate(optimizers, epoch):
    """Give every optimiser the rate of this epoch, from 0.1 down to 0.01 along a cosine."""
    lr = 0.01 + 0.045 * (1 + math.cos(math.pi * epoch / EPOCHS))
    for each in optimizers:
        for group in each.param_groups:
            group["lr"] = lr
    return lr


for epoch in range(EPOCHS):
    lr = set_learning_rate([optimizer, d_optimizer], epoch)
    for index in torch.randperm(len(points))[:3968].split(BATCH):
        output = student(torch.randn(BATCH, 4))
        d_loss = criterion(discriminator(points[index]), real_label)
        d_loss = d_loss + criterion(discriminator(output.detach()), fake_label)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = criterion(discriminator(output), real_label)
        optimizer.zero_grad()
        g_loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(f"Epoch: [{epoch}] LR {lr:.4f} D loss {d_loss.item():.4f} G loss {g_loss.item():.4f}")

with torch.no_grad():
    samples = student(torch.randn(1000, 4)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
