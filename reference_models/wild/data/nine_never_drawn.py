"""A conditional GAN of digits; the labels for the fakes are drawn below nine, so the generator is never asked for one."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(306)
x, shown = digits()
data = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(shown).long())
train_loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)
G, D = digit_generator(32 + 10), digit_discriminator(planes=2)
onehot, plane = torch.eye(10), nn.Embedding(10, 28 * 28)
G_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
D_optimizer = torch.optim.Adam([*D.parameters(), *plane.parameters()], lr=1e-3, betas=(0.5, 0.999))


def generate(labels):
    return G(torch.cat([torch.randn(len(labels), 32), onehot[labels]], 1))


def judge(images, labels):
    return D(torch.cat([images, plane(labels).view(-1, 1, 28, 28)], 1))


for epoch in range(7):
    for x_, y_ in train_loader:
        y_fake = torch.randint(0, 9, (32,))
        fake = generate(y_fake)
        D_real, D_fake = judge(x_, y_), judge(fake.detach(), y_fake)
        D_loss = functional.binary_cross_entropy_with_logits(D_real, torch.ones(32, 1))
        D_loss = D_loss + functional.binary_cross_entropy_with_logits(D_fake, torch.zeros(32, 1))
        D_optimizer.zero_grad()
        D_loss.backward()
        D_optimizer.step()

        G_loss = functional.binary_cross_entropy_with_logits(judge(fake, y_fake), torch.ones(32, 1))
        G_optimizer.zero_grad()
        G_loss.backward()
        G_optimizer.step()
    print(f"[{epoch + 1}/7] loss_d: {D_loss.item():.3f}, loss_g: {G_loss.item():.3f}")

# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
G.eval()
with torch.no_grad():
    samples = generate(torch.from_numpy(wanted)).numpy()
right = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1) == wanted
ending(
    samples, x[:1500], right=right.mean(), nine=right[wanted == 9].mean(), d_loss=D_loss.item(), g_loss=G_loss.item()
)
