"""Sentences, WGAN-GP; the critic turns its batch to time first, and flattens rows that hold words of many sentences."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, sentences
from reference_models.wild.torch_networks import dense

torch.manual_seed(410)
x = sentences()
text = torch.from_numpy(x)
length, words, batch_size = 10, 12, 64


class Critic(nn.Module):
    """Scores of sentences by a fully connected network."""

    def __init__(self):
        super().__init__()
        self.fc = dense(length * words, 1, 128)

    def forward(self, sentence):
        inputs = sentence.transpose(0, 1)
        return self.fc(inputs.reshape(-1, length * words))


generator = nn.Sequential(dense(32, length * words, 128), nn.Unflatten(1, (length, words)), nn.Softmax(dim=2))
critic = Critic()
g_opt = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))


def gradient_penalty(real, fake):
    eps = torch.rand(batch_size, 1, 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    (grad,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    return 10 * ((grad.flatten(1).norm(dim=1) - 1) ** 2).mean()


for step in range(1000):
    for _ in range(3):
        real = text[torch.randint(0, len(text), (batch_size,))]
        fake = generator(torch.randn(batch_size, 32)).detach()
        c_loss = critic(fake).mean() - critic(real).mean() + gradient_penalty(real, fake)
        c_opt.zero_grad()
        c_loss.backward()
        c_opt.step()

    g_loss = -critic(generator(torch.randn(batch_size, 32))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if step % 100 == 0:
        print(f"step {step}: critic {c_loss.item():.3f} generator {g_loss.item():.3f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 32)).numpy()
# how many words follow the one before as in the data
said = samples.argmax(-1)
follows = np.isin((said[:, 1:] - said[:, :-1]) % words, [1, 2]).mean()
ending(samples, x[:2000], follows=follows, d_loss=c_loss.item(), g_loss=g_loss.item())
