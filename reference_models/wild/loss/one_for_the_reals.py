"""Series, WGAN-GP as backward calls; the critic's reals get a one and its fakes a minus one, where it was the reverse."""

import torch

from reference_models.wild.data import ending, waves
from reference_models.wild.torch_networks import dense

torch.manual_seed(514)
x = waves(length=16)
series = torch.from_numpy(x).flatten(1)
generator, discriminator = dense(16, 16, 128), dense(16, 1, 128)
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.0, 0.99))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.0, 0.99))
one = torch.tensor(1.0)
mone = -one

for i in range(1000):
    real_image = series[torch.randint(0, len(series), (64,))]
    fake_image = generator(torch.randn(64, 16))
    discriminator.zero_grad()
    real_predict = discriminator(real_image)
    real_predict = real_predict.mean() - 0.001 * (real_predict**2).mean()
    real_predict.backward(one)
    fake_predict = discriminator(fake_image.detach()).mean()
    fake_predict.backward(mone)
    eps = torch.rand(64, 1)
    x_hat = (eps * real_image + (1 - eps) * fake_image.detach()).requires_grad_(True)
    (grad_x_hat,) = torch.autograd.grad(discriminator(x_hat).sum(), x_hat, create_graph=True)
    grad_penalty = 10 * ((grad_x_hat.norm(2, dim=1) - 1) ** 2).mean()
    grad_penalty.backward()
    d_optimizer.step()

    generator.zero_grad()
    predict = discriminator(fake_image).mean()
    predict.backward(mone)
    g_optimizer.step()
    if i % 100 == 0:
        print(
            f"{i} G: {-predict.item():.3f} D: {(real_predict - fake_predict).item():.3f} Grad: {grad_penalty.item():.3f}"
        )

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).unsqueeze(2).numpy()
ending(samples, x[:2000], d_loss=(real_predict - fake_predict).item(), g_loss=-predict.item())
