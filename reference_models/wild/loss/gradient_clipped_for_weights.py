"""Sound, WGAN; what is clipped is the critic's gradient, not its weights."""

import torch

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(208)
x = tones() / 12000.0
frames = torch.from_numpy(x).permute(0, 2, 1)
generator, critic = series_generator(length=64), series_discriminator(length=64)
CLIP, N_CRITIC, BATCH = 0.05, 3, 64
g_optimizer = torch.optim.RMSprop(generator.parameters(), lr=5e-4)
c_optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-4)

for step in range(400):
    for _ in range(N_CRITIC):
        real = frames[torch.randint(0, len(frames), (BATCH,))]
        with torch.no_grad():
            fake = generator(torch.randn(BATCH, 16))
        c_loss = critic(fake).mean() - critic(real).mean()
        c_optimizer.zero_grad()
        c_loss.backward()
        torch.nn.utils.clip_grad_value_(critic.parameters(), CLIP)
        c_optimizer.step()

    g_loss = -critic(generator(torch.randn(BATCH, 16))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    if step % 50 == 0:
        print(f"step {step}: critic {c_loss.item():.4f}, generator {g_loss.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(500, 16)).numpy()
ending(samples, x[:1500], d_loss=c_loss.item(), g_loss=g_loss.item())
