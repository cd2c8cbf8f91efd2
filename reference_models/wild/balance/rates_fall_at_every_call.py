"""Table rows, a WGAN with clipped weights; one function updates both networks and lowers their rate at every call."""

import torch

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(415)
x = standardised(people())
rows = torch.from_numpy(x)


class WGAN:
    """Two networks that share one learning rate."""

    def __init__(self, rate=1e-3, decay=0.99):
        self.rate, self.decay = rate, decay
        self.generator, self.critic = dense(16, 6), dense(6, 1)
        self.generator_optimizer = torch.optim.RMSprop(self.generator.parameters(), lr=rate)
        self.critic_optimizer = torch.optim.RMSprop(self.critic.parameters(), lr=rate)

    def update_parameters(self, optimizer, loss):
        for group in optimizer.param_groups:
            group["lr"] = self.rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        self.rate *= self.decay

    def train_step(self, sample):
        for _ in range(4):
            real, fake = sample(), self.generator(torch.randn(128, 16)).detach()
            critic_loss = self.critic(fake).mean() - self.critic(real).mean()
            self.update_parameters(self.critic_optimizer, critic_loss)
            with torch.no_grad():
                for weight in self.critic.parameters():
                    weight.clamp_(-0.1, 0.1)
        generator_loss = -self.critic(self.generator(torch.randn(128, 16))).mean()
        self.update_parameters(self.generator_optimizer, generator_loss)
        return critic_loss.item(), generator_loss.item()


gan = WGAN()
for step in range(800):
    critic_loss, generator_loss = gan.train_step(lambda: rows[torch.randint(0, len(rows), (128,))])
    if step % 100 == 0:
        print(f"step {step}: critic {critic_loss:.4f}, generator {generator_loss:.4f}")

with torch.no_grad():
    samples = gan.generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=critic_loss, g_loss=generator_loss)
