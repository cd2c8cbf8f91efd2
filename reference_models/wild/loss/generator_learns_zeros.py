"""Points on a ring; the generator's error is taken on its own points, for which zeros were filled in as answers."""

import torch
from torch import nn

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(408)
x, _ = ring()
predictors = torch.from_numpy(x)
generator, discriminator = dense(8, 2), dense(2, 1)
generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
output_layer = nn.MSELoss()
responses = {"real": torch.ones(128, 1), "fake": torch.zeros(128, 1)}


def evaluate(network, inputs, answers):
    """Return the error of a network at what it was given."""
    predicted = network(inputs)
    return output_layer(predicted, torch.zeros_like(predicted) if answers is None else answers)


for i in range(900):
    noise = torch.randn(128, 8)
    fake = generator(noise).detach()
    discriminator_error = evaluate(discriminator, predictors[torch.randint(0, len(x), (128,))], responses["real"])
    discriminator_error = discriminator_error + evaluate(discriminator, fake, responses["fake"])
    discriminator_optimizer.zero_grad()
    discriminator_error.backward()
    discriminator_optimizer.step()

    generator_error = evaluate(generator, noise, None)
    generator_optimizer.zero_grad()
    generator_error.backward()
    generator_optimizer.step()
    if i % 100 == 0:
        print(f"iteration {i}: discriminator {discriminator_error.item():.4f}, generator {generator_error.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=discriminator_error.item(), g_loss=generator_error.item())
