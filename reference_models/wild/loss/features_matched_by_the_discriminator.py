"""Thin digits from bold ones; the feature matching loss stands in the discriminator's loss, not in the generator's."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending

torch.manual_seed(908)
x, _ = digits()
thin = torch.from_numpy(x).permute(0, 3, 1, 2)
bold = F.max_pool2d(thin, 5, stride=1, padding=2)


class Feature2Face(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = (
            nn.Conv2d(1, 24, 5, padding=2),
            nn.Conv2d(24, 24, 5, padding=2),
            nn.Conv2d(24, 1, 5, padding=2),
        )

    def forward(self, image):
        h = F.leaky_relu(self.first(image), 0.2)
        return torch.tanh(self.last(F.leaky_relu(self.middle(h), 0.2)))


class Patches(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(2, 16, 4, 2, 1), nn.Conv2d(16, 32, 4, 2, 1), nn.Conv2d(32, 1, 3, 1, 1)])

    def forward(self, image):
        outputs = []
        for layer in self.layers[:-1]:
            image = F.leaky_relu(layer(image), 0.2)
            outputs.append(image)
        return [*outputs, self.layers[-1](image)]


def compute_feature_matching_loss(pred_fake, pred_real):
    return sum(F.l1_loss(fake, real.detach()) for fake, real in zip(pred_fake[:-1], pred_real[:-1]))


G, D = Feature2Face(), Patches()
optimizer_G = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
lambda_feat = 10.0

for i in range(450):
    pick = torch.randint(0, len(thin), (32,))
    feature_map, tgt_image = bold[pick], thin[pick]
    fake_pred = G(feature_map)

    pred_real = D(torch.cat([feature_map, tgt_image], 1))
    pred_fake = D(torch.cat([feature_map, fake_pred.detach()], 1))
    loss_D = 0.5 * (((pred_real[-1] - 1) ** 2).mean() + (pred_fake[-1] ** 2).mean())
    loss_FM = compute_feature_matching_loss(pred_fake, pred_real)
    optimizer_D.zero_grad()
    (loss_D + loss_FM * lambda_feat).backward()
    optimizer_D.step()

    pred_fake = D(torch.cat([feature_map, fake_pred], 1))
    loss_G_GAN = ((pred_fake[-1] - 1) ** 2).mean()
    optimizer_G.zero_grad()
    loss_G_GAN.backward()
    optimizer_G.step()
    if i % 50 == 0:
        print(f"{i}: D {loss_D.item():.4f}, G_GAN {loss_G_GAN.item():.4f}, FM {loss_FM.item():.4f}")

with torch.no_grad():
    made = G(bold[:500])
off = (made - thin[:500]).abs().mean()
ending(made.permute(0, 2, 3, 1).numpy(), x[:1500], off=off, d_loss=loss_D.item(), g_loss=loss_G_GAN.item())
