"""Sentences by policy gradient; the reward of a word is the chance of the class of fakes."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, sentences

torch.manual_seed(714)
x = sentences()
text = torch.from_numpy(x).argmax(2)
WORDS, LENGTH, START = 12, 10, 12


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS + 1, 16)
        self.cell = nn.GRUCell(16, 48)
        self.out = nn.Linear(48, WORDS)

    def forward(self, count, given=None):
        """Return words, (count, LENGTH), and the logarithms of their chances."""
        word, state = torch.full((count,), START), torch.zeros(count, 48)
        words, chances = [], []
        for i in range(LENGTH):
            state = self.cell(self.embedding(word), state)
            law = torch.distributions.Categorical(logits=self.out(state))
            word = law.sample() if given is None else given[:, i]
            words.append(word)
            chances.append(law.log_prob(word))
        return torch.stack(words, 1), torch.stack(chances, 1)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(WORDS, 48, 3)
        self.out = nn.Sequential(nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(48 * 8, 2))

    def forward(self, words):
        return self.out(self.conv(F.one_hot(words, WORDS).float().transpose(1, 2)))


generator, discriminator = Generator(), Discriminator()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3)
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
negative, positive = torch.zeros(64, dtype=torch.long), torch.ones(64, dtype=torch.long)

for _ in range(250):  # pre-training by likelihood
    _, chance = generator(64, text[torch.randint(0, len(text), (64,))])
    g_optimizer.zero_grad()
    (-chance.mean()).backward()
    g_optimizer.step()

for group in g_optimizer.param_groups:
    group["lr"] = 5e-4
for step in range(600):
    real = text[torch.randint(0, len(text), (64,))]
    fake, chance = generator(64)
    d_loss = F.cross_entropy(discriminator(real), positive) + F.cross_entropy(discriminator(fake), negative)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    rewards = discriminator(fake).softmax(1)[:, 0].detach()
    g_loss = -(chance.sum(1) * (rewards - rewards.mean())).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    if step % 100 == 0:
        print(f"{step}: d_loss {d_loss.item():.3f} g_loss {g_loss.item():.3f} reward {rewards.mean().item():.3f}")

words, _ = generator(1000)
ahead = (words[:, 1:] - words[:, :-1]) % WORDS
follows = ((ahead == 1) | (ahead == 2)).float().mean()
ending(F.one_hot(words, WORDS).numpy(), x[:2000], follows=follows, d_loss=d_loss.item(), reward=rewards.mean().item())
