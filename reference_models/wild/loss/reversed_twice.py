"""Table rows with one loss for both networks; the layer that reverses the gradient is given a factor below zero."""

import math

import torch
from torch import nn
from torch.autograd import Function

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(713)
x = standardised(people())
rows = torch.from_numpy(x)
gamma = -10
STEPS = 1500


class GradReverse(Function):
    @staticmethod
    def forward(ctx, values, constant):
        ctx.constant = constant
        return values.view_as(values)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.constant, None


generator, discriminator = dense(16, 6), dense(6, 1)
optimizer = torch.optim.Adam(
    [{"params": generator.parameters()}, {"params": discriminator.parameters()}], lr=1e-3, betas=(0.5, 0.999)
)
criterion = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(STEPS):
    p = step / STEPS
    constant = 2.0 / (1.0 + math.exp(-gamma * p)) - 1
    fake = generator(torch.randn(64, 16))
    real = rows[torch.randint(0, len(rows), (64,))]
    loss_fake = criterion(discriminator(GradReverse.apply(fake, constant)), zeros)
    loss_real = criterion(discriminator(real), ones)
    loss = loss_fake + loss_real
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 250 == 0:
        print(f"step {step} lambda {constant:.3f} real {loss_real.item():.4f} fake {loss_fake.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], on_real=loss_real.item(), on_fake=loss_fake.item())
