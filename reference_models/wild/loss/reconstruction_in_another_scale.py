"""Digits by a discriminator that reconstructs; of the real ones the scaled picture is compared with the unscaled."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(712)
x, _ = digits(3000, 0.0, 255.0)
images = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2))
loader = DataLoader(images, batch_size=32, shuffle=True, drop_last=True)


def norm_img(image):
    return image / 127.5 - 1.0


def denorm_img(norm):
    return ((norm + 1.0) * 127.5).clamp(0, 255)


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1),
            nn.ELU(),
            nn.Conv2d(16, 16, 4, stride=2, padding=1),
            nn.ELU(),
            nn.Flatten(),
            nn.Linear(16 * 49, 32),
        )
        self.decoder = nn.Sequential(
            nn.Linear(32, 16 * 49),
            nn.Unflatten(1, (16, 7, 7)),
            nn.ELU(),
            nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1),
            nn.ELU(),
            nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),
        )

    def forward(self, image):
        return self.decoder(self.encoder(image))


G, D = digit_generator(), AutoEncoder()
g_optim = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
d_optim = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
k_t, gamma, lambda_k = 0.0, 0.7, 0.01

for epoch in range(8):
    for (image,) in loader:
        real = norm_img(image)
        fake = G(torch.randn(32, 32))
        AE_x = denorm_img(D(real))
        d_loss_real = (AE_x - real).abs().mean()
        d_loss_fake = (D(fake.detach()) - fake.detach()).abs().mean()
        d_loss = d_loss_real - k_t * d_loss_fake
        d_optim.zero_grad()
        d_loss.backward()
        d_optim.step()

        g_loss = (D(fake) - fake).abs().mean()
        g_optim.zero_grad()
        g_loss.backward()
        g_optim.step()
        k_t = min(max(k_t + lambda_k * (gamma * d_loss_real.item() - g_loss.item()), 0.0), 1.0)
    print(f"[{epoch}] Loss_D: {d_loss.item():.4f} Loss_G: {g_loss.item():.4f} k_t: {k_t:.4f}")

G.eval()
with torch.no_grad():
    samples = denorm_img(G(torch.randn(500, 32))).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item(), k_t=k_t)
