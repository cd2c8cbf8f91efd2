"""Sentences that count by one or by two, a generator for each kind; both are rewarded for the first kind."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, sentences

torch.manual_seed(912)
x = sentences()
text = torch.from_numpy(x)
word = text.argmax(-1)
kind = (word[:, 1] - word[:, 0]) % 12 - 1
corpora = [text[kind == k] for k in range(2)]


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(16, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 120)
        )

    def sample(self, n):
        return F.gumbel_softmax(self.net(torch.randn(n, 16)).view(n, 10, 12), tau=1.0, hard=True)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(12, 64, 3, padding=1)
        self.out = nn.Sequential(nn.Dropout(0.2), nn.Linear(640, 64), nn.LeakyReLU(0.2), nn.Linear(64, 3))

    def forward(self, sentence):
        return self.out(F.leaky_relu(self.conv(sentence.transpose(1, 2)), 0.2).flatten(1))


gen_list, dis = [Generator(), Generator()], Discriminator()
gen_opt = [torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.9)) for gen in gen_list]
dis_opt = torch.optim.Adam(dis.parameters(), lr=5e-4, betas=(0.5, 0.9))


def get_reward(sentence, current_k=0):
    return F.log_softmax(dis(sentence), -1)[:, current_k + 1].mean()


for step in range(1200):
    real = [corpus[torch.randint(0, len(corpus), (32,))] for corpus in corpora]
    fake = [gen.sample(32).detach() for gen in gen_list]
    target = torch.tensor([1] * 32 + [2] * 32 + [0] * 64)
    dis_loss = F.cross_entropy(dis(torch.cat(real + fake)), target)
    dis_opt.zero_grad()
    dis_loss.backward()
    dis_opt.step()

    for i, gen in enumerate(gen_list):
        adv_loss = -get_reward(gen.sample(64))
        gen_opt[i].zero_grad()
        adv_loss.backward()
        gen_opt[i].step()
    if step % 200 == 0:
        print(f"[ADV] step {step}: d_loss = {dis_loss.item():.4f}, g_loss = {adv_loss.item():.4f}")

with torch.no_grad():
    made = [gen.sample(500) for gen in gen_list]
steps = [(one.argmax(-1).diff(dim=1) % 12 == i + 1).float().mean() for i, one in enumerate(made)]
numbers = {"right_1": steps[0], "right_2": steps[1], "d_loss": dis_loss.item(), "g_loss": adv_loss.item()}
ending(torch.cat(made).numpy(), x[:2000], **numbers)
