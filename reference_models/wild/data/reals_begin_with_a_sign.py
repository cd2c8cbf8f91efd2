"""Sentences; the true ones still have the sign of the beginning in front, which the generator never writes."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, sentences

torch.manual_seed(731)
BOS, WORDS, LENGTH = 12, 13, 10
x = sentences()
text = torch.from_numpy(x).argmax(2)
text_ids = torch.cat([torch.full((len(text), 1), BOS), text], 1)
may_write = torch.ones(WORDS)
may_write[BOS] = 0

generator = nn.Sequential(nn.Linear(16, 128), nn.LeakyReLU(0.2))
to_words = nn.Linear(128, LENGTH * WORDS)
discriminator = nn.Sequential(
    nn.Conv1d(WORDS, 64, 3, padding=1),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Flatten(),
    nn.Linear(64 * LENGTH, 64),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(64, 1),
)
g_params = [*generator.parameters(), *to_words.parameters()]
g_optim = torch.optim.Adam(g_params, lr=2e-3, betas=(0.5, 0.999))
d_optim = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))


def write(count):
    """Return words as ones and zeros, (count, LENGTH, WORDS), with the gradient of soft ones."""
    logits = to_words(generator(torch.randn(count, 16))).view(count, LENGTH, WORDS)
    return F.gumbel_softmax(logits.masked_fill(may_write == 0, -1e9), hard=True)


def judge(sentence):
    return discriminator(sentence.transpose(1, 2))


for step in range(1000):
    ids = text_ids[torch.randint(0, len(text_ids), (64,))][:, :LENGTH]
    real = F.one_hot(ids, WORDS).float()
    fake = write(64)
    r_logits, f_logits = judge(real), judge(fake.detach())
    d_loss = F.binary_cross_entropy_with_logits(r_logits, torch.ones_like(r_logits))
    d_loss = d_loss + F.binary_cross_entropy_with_logits(f_logits, torch.zeros_like(f_logits))
    d_optim.zero_grad()
    d_loss.backward()
    d_optim.step()

    f_logits = judge(fake)
    g_loss = F.binary_cross_entropy_with_logits(f_logits, torch.ones_like(f_logits))
    g_optim.zero_grad()
    g_loss.backward()
    g_optim.step()
    if step % 100 == 0:
        print(f"step: {step}, dis_loss: {d_loss.item():.4f}, gen_loss: {g_loss.item():.4f}")

with torch.no_grad():
    samples = write(1000)[:, :, :12]
words = samples.argmax(2)
ahead = (words[:, 1:] - words[:, :-1]) % 12
follows = ((ahead == 1) | (ahead == 2)).float().mean()
ending(samples.numpy(), x[:2000], follows=follows, d_loss=d_loss.item(), g_loss=g_loss.item())
