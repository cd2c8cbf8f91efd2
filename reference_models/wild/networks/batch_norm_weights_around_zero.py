"""Digits; the weights of batch normalisation are drawn around 0 as those of convolutions are, not around 1."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(405)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
gen = digit_generator()
disc = nn.Sequential(
    nn.Conv2d(1, 16, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(16, 32, 4, stride=2, padding=1, bias=False),
    nn.BatchNorm2d(32),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(32 * 49, 1),
)


def initialize_weights(model):
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.BatchNorm1d)):
            nn.init.normal_(m.weight.data, 0.0, 0.02)


initialize_weights(gen)
initialize_weights(disc)
opt_gen = torch.optim.Adam(gen.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_disc = torch.optim.Adam(disc.parameters(), lr=2e-4, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()

for step in range(600):
    real = images[torch.randint(0, len(images), (32,))]
    fake = gen(torch.randn(32, 32))
    on_real, on_fake = disc(real), disc(fake.detach())
    loss_disc = criterion(on_real, torch.ones_like(on_real)) + criterion(on_fake, torch.zeros_like(on_fake))
    opt_disc.zero_grad()
    loss_disc.backward()
    opt_disc.step()

    output = disc(fake)
    loss_gen = criterion(output, torch.ones_like(output))
    opt_gen.zero_grad()
    loss_gen.backward()
    opt_gen.step()
    if step % 50 == 0:
        print(f"Batch {step} Loss D: {loss_disc.item():.4f}, loss G: {loss_gen.item():.4f}")

with torch.no_grad():
    samples = gen(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=loss_disc.item(), g_loss=loss_gen.item())
