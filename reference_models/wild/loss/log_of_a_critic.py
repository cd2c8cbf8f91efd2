"""Points on a ring, WGAN with clipping; the generator's loss takes the logarithm of a critic that knows no bounds."""

import torch

from reference_models.wild.data import ending, ring
from reference_models.wild.torch_networks import dense

torch.manual_seed(208)
x, _ = ring()
points = torch.from_numpy(x)
generator, critic = dense(8, 2), dense(2, 1)
generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=1e-3)
critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=1e-3)


def real_batch():
    return points[torch.randint(0, len(points), (64,))]


for step in range(500):
    for _ in range(5):
        critic_optimizer.zero_grad()
        fake = generator(torch.randn(64, 8)).detach()
        loss = torch.mean(critic(fake)) - torch.mean(critic(real_batch()))
        loss.backward()
        critic_optimizer.step()
        for weight in critic.parameters():
            weight.data.clamp_(-0.1, 0.1)

    generator_optimizer.zero_grad()
    critic_output_fake = critic(generator(torch.randn(64, 8)))
    fake_loss = torch.mean(-torch.log(critic_output_fake))
    fake_loss.backward()
    generator_optimizer.step()
    if step % 50 == 0:
        print(f"step {step}: critic loss {loss.item():.4f}, generator loss {fake_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 8)).numpy()
ending(samples, x[:2000], d_loss=loss.item(), g_loss=fake_loss.item())
