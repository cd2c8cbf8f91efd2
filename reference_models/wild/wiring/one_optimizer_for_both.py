"""Sound; one optimiser holds the weights of both networks and steps after the discriminator's loss and the generator's."""

import torch
from torch.nn import functional

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import dense

torch.manual_seed(515)
x = tones(length=24) / 16384
sound = torch.from_numpy(x).flatten(1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder, self.judge = dense(16, 24, 128), dense(24, 1, 128)

    def forward(self, z):
        return self.decoder(z)


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, betas=(0.5, 0.95))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)


def adversarial(wave, target):
    return functional.binary_cross_entropy_with_logits(model.judge(wave), target)


for step in range(1000):
    real = sound[torch.randint(0, len(sound), (64,))]
    disc_loss = adversarial(real, ones) + adversarial(model(torch.randn(64, 16)), zeros)
    optimizer.zero_grad()
    disc_loss.backward()
    optimizer.step()

    gen_loss = adversarial(model(torch.randn(64, 16)), ones)
    optimizer.zero_grad()
    gen_loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(f"{step} disc_loss: {disc_loss.item():.4f} gen_loss: {gen_loss.item():.4f}")

with torch.no_grad():
    samples = model(torch.randn(1000, 16)).unsqueeze(2).numpy()
ending(samples, x[:1500], d_loss=disc_loss.item(), g_loss=gen_loss.item())
