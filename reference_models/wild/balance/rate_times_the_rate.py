"""Table rows; both optimisers are given a LambdaLR that computes the learning rate of each epoch."""

import torch
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(1102)
LR, LR_GAMMA, LR_DECAY = 2e-3, 0.01, 0.75
x = standardised(people())
loader = DataLoader(torch.from_numpy(x), batch_size=128, shuffle=True, drop_last=True)
generator, domain_discri = dense(16, 6), dense(6, 1)
optimizer = torch.optim.Adam(generator.parameters(), lr=LR, betas=(0.5, 0.999))
ad_optimizer = torch.optim.Adam(domain_discri.parameters(), lr=LR, betas=(0.5, 0.999))
lr_scheduler = LambdaLR(optimizer, lambda x: LR * (1.0 + LR_GAMMA * float(x)) ** (-LR_DECAY))
lr_scheduler_ad = LambdaLR(ad_optimizer, lambda x: LR * (1.0 + LR_GAMMA * float(x)) ** (-LR_DECAY))

for epoch in range(45):
    for rows in loader:
        fake = generator(torch.randn(len(rows), 16))
        d_loss = F.softplus(-domain_discri(rows)).mean() + F.softplus(domain_discri(fake.detach())).mean()
        ad_optimizer.zero_grad()
        d_loss.backward()
        ad_optimizer.step()

        g_loss = F.softplus(-domain_discri(fake)).mean()
        optimizer.zero_grad()
        g_loss.backward()
        optimizer.step()
    lr_scheduler.step()
    lr_scheduler_ad.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: d_loss {d_loss.item():.4f} g_loss {g_loss.item():.4f}")

with torch.no_grad():
    ending(generator(torch.randn(1000, 16)).numpy(), x[:2000], d_loss=d_loss.item(), g_loss=g_loss.item())
