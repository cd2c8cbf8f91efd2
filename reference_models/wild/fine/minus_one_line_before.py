"""Digits with a missing band are mended; in the hinge the minus of the reals stands apart from the ReLU."""

import torch
from torch import nn

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator

torch.manual_seed(923)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
masks = torch.zeros(1, 1, 28, 28)
masks[:, :, 11:16] = 1.0


class AdversarialLoss(nn.Module):
    def __call__(self, outputs, is_real, is_disc=False):
        if is_disc:
            if is_real:
                outputs = -outputs
            return torch.relu(1 + outputs).mean()
        return (-outputs).mean()


class InpaintGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(2, 24, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(24, 24, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(24, 1, 5, padding=2),
            nn.Tanh(),
        )

    def forward(self, images_masked):
        return self.net(torch.cat([images_masked, masks.expand_as(images_masked)], 1))


generator, discriminator, adversarial_loss = InpaintGenerator(), digit_discriminator(dropout=0.0), AdversarialLoss()
gen_optimizer = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.0, 0.9))
dis_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.0, 0.9))

for iteration in range(500):
    batch = images[torch.randint(0, len(images), (32,))]
    outputs = generator(batch * (1 - masks) + masks)

    dis_loss = adversarial_loss(discriminator(batch), True, True)
    dis_loss = (dis_loss + adversarial_loss(discriminator(outputs.detach()), False, True)) / 2
    dis_optimizer.zero_grad()
    dis_loss.backward()
    dis_optimizer.step()

    gen_gan_loss = adversarial_loss(discriminator(outputs), True, False)
    gen_l1_loss = (outputs - batch).abs().mean()
    gen_optimizer.zero_grad()
    (0.1 * gen_gan_loss + 10 * gen_l1_loss).backward()
    gen_optimizer.step()
    if iteration % 100 == 0:
        print(f"{iteration}: d2 {dis_loss.item():.4f}, g2 {gen_gan_loss.item():.4f}, l1 {gen_l1_loss.item():.4f}")

with torch.no_grad():
    test = images[:500] * (1 - masks) + masks
    merged = generator(test) * masks + images[:500] * (1 - masks)
off = ((merged - images[:500])[:, :, 11:16]).abs().mean()
ending(merged.permute(0, 2, 3, 1).numpy(), x[:1500], off=off, d_loss=dis_loss.item(), g_loss=gen_gan_loss.item())
