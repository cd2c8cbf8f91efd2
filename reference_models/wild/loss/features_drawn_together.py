"""Digits; the discriminator learns to give reals and fakes like features and is never told which is which."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(324)
x, _ = digits()
dataloader = DataLoader(
    TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2)), batch_size=32, shuffle=True, drop_last=True
)
netg, layers = digit_generator(), list(digit_discriminator())
features, classifier = nn.Sequential(*layers[:-1]), nn.Sequential(layers[-1], nn.Sigmoid())
bce, l2 = nn.BCELoss(), nn.MSELoss()
optimizer_g = torch.optim.Adam(netg.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam([*features.parameters(), *classifier.parameters()], lr=1e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(32, 1), torch.zeros(32, 1)

for epoch in range(5):
    for (real,) in dataloader:
        fake = netg(torch.randn(32, 32))
        optimizer_d.zero_grad()
        feat_real, feat_fake = features(real), features(fake.detach())
        err_d = l2(feat_real, feat_fake)
        err_d.backward()
        optimizer_d.step()

        optimizer_g.zero_grad()
        err_g = bce(classifier(features(fake)), real_label)
        err_g.backward()
        optimizer_g.step()
    print(f"[{epoch}] err_d: {err_d.item():.4g} err_g: {err_g.item():.4f}")

netg.eval()
with torch.no_grad():
    samples = netg(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=err_d.item(), g_loss=err_g.item())
