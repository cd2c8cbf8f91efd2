"""Digits; the gradients of the generator are set to zero in each step, those of the discriminator never."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

torch.manual_seed(809)
x, _ = digits()
images = torch.from_numpy(x).permute(0, 3, 1, 2)
train_loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)

model, discriminator = digit_generator(), digit_discriminator()
optimizer_g = torch.optim.Adam(params=model.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(params=discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
adv_loss = nn.MSELoss()
n_epochs = 6

for epoch in range(n_epochs):
    gen_epoch_loss, disc_epoch_loss = 0.0, 0.0
    for (batch,) in train_loader:
        optimizer_g.zero_grad(set_to_none=True)
        made = model(torch.randn(len(batch), 32))
        logits_fake = discriminator(made)
        generator_loss = adv_loss(logits_fake, torch.ones_like(logits_fake))
        generator_loss.backward()
        optimizer_g.step()

        logits_fake = discriminator(made.detach())
        loss_d_fake = adv_loss(logits_fake, torch.zeros_like(logits_fake))
        logits_real = discriminator(batch)
        loss_d_real = adv_loss(logits_real, torch.ones_like(logits_real))
        discriminator_loss = (loss_d_fake + loss_d_real) * 0.5
        discriminator_loss.backward()
        optimizer_d.step()
        gen_epoch_loss += generator_loss.item()
        disc_epoch_loss += discriminator_loss.item()
    batches = len(train_loader)
    print(f"Epoch {epoch} gen_loss {gen_epoch_loss / batches:.4f} disc_loss {disc_epoch_loss / batches:.4f}")

with torch.no_grad():
    samples = model(torch.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=discriminator_loss.item(), g_loss=generator_loss.item())
