"""Table rows; what is meant for the momentum of batch normalisation is its second argument, which is the epsilon."""

import torch
from torch import nn

from reference_models.wild.data import ending, people, standardised

torch.manual_seed(512)
x = standardised(people())
rows = torch.from_numpy(x)


def block(in_feat, out_feat):
    return [nn.Linear(in_feat, out_feat), nn.BatchNorm1d(out_feat, 0.8), nn.LeakyReLU(0.2, inplace=True)]


def weights_init_normal(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0.0, 0.02)


generator = nn.Sequential(*block(16, 64), *block(64, 64), *block(64, 64), *block(64, 64), nn.Linear(64, 6))
discriminator = nn.Sequential(nn.Linear(6, 64), nn.LeakyReLU(0.2), *block(64, 64), nn.Linear(64, 1))
generator.apply(weights_init_normal)
discriminator.apply(weights_init_normal)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=3e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=3e-4, betas=(0.5, 0.999))
adversarial_loss = nn.MSELoss()
valid, fake = torch.ones(64, 1), torch.zeros(64, 1)

for i in range(900):
    gen_rows = generator(torch.randn(64, 16))
    optimizer_G.zero_grad()
    g_loss = adversarial_loss(discriminator(gen_rows), valid)
    g_loss.backward()
    optimizer_G.step()

    real_rows = rows[torch.randint(0, len(rows), (64,))]
    optimizer_D.zero_grad()
    real_loss = adversarial_loss(discriminator(real_rows), valid)
    fake_loss = adversarial_loss(discriminator(gen_rows.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()
    if i % 100 == 0:
        print(f"[Batch {i}/900] [D loss: {d_loss.item():.4f}] [G loss: {g_loss.item():.4f}]")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
