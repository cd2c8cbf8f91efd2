"""Table rows by condition; where a column's categories begin in the condition is never written down for sampling."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(936)
table = people()
home, children = table[:, 4].astype(int), np.minimum(table[:, 3], 2).astype(int)
x = standardised(table)[:, [0, 1, 2, 5]]
rows = np.concatenate([x, np.eye(2)[home], np.eye(3)[children]], 1).astype(np.float32)
rng = np.random.default_rng(0)


class DataSampler:
    def __init__(self, data, discrete, sizes):
        self.data, self.discrete, self.sizes = data, discrete, sizes
        self.discrete_column_cond_st = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.discrete_column_matrix_st = np.zeros(len(sizes), dtype=int)
        self.n_categories = sum(sizes)

    def sample_condvec(self, batch):
        column = rng.integers(0, len(self.sizes), batch)
        value = np.array([rng.integers(0, self.sizes[c]) for c in column])
        vec = np.zeros((batch, self.n_categories), np.float32)
        vec[np.arange(batch), self.discrete_column_cond_st[column] + value] = 1.0
        picked = [rng.choice(np.flatnonzero(self.discrete[c] == v)) for c, v in zip(column, value)]
        return torch.from_numpy(vec), torch.from_numpy(self.data[picked])

    def generate_cond_from_condition_column_info(self, column, value, batch):
        vec = np.zeros((batch, self.n_categories), np.float32)
        vec[:, self.discrete_column_matrix_st[column] + value] = 1.0
        return torch.from_numpy(vec)


def apply_activate(raw):
    two, three = F.gumbel_softmax(raw[:, 4:6], tau=0.3), F.gumbel_softmax(raw[:, 6:], tau=0.3)
    return torch.cat([raw[:, :4], two, three], 1)


sampler = DataSampler(rows, [home, children], [2, 3])
generator = dense(16 + 5, 9)
discriminator = nn.Sequential(
    nn.Linear(14, 64), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.9))

for step in range(1000):
    cond, real = sampler.sample_condvec(64)
    raw = generator(torch.cat([torch.randn(64, 16), cond], 1))
    fake = apply_activate(raw)
    y_real, y_fake = discriminator(torch.cat([real, cond], 1)), discriminator(torch.cat([fake.detach(), cond], 1))
    loss_d = F.softplus(-y_real).mean() + F.softplus(y_fake).mean()
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()

    log_chance = torch.cat([raw[:, 4:6].log_softmax(1), raw[:, 6:].log_softmax(1)], 1)
    cross_entropy = -(log_chance * cond).sum(1).mean()
    loss_g = F.softplus(-discriminator(torch.cat([fake, cond], 1))).mean() + cross_entropy
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    if step % 200 == 0:
        print(f"Step {step}, Loss G: {loss_g.item():.4f}, Loss D: {loss_d.item():.4f}")

right, made = [], []
for wanted in range(3):
    cond = sampler.generate_cond_from_condition_column_info(1, wanted, 400)
    with torch.no_grad():
        synthetic = apply_activate(generator(torch.cat([torch.randn(400, 16), cond], 1))).numpy()
    right.append((synthetic[:, 6:].argmax(1) == wanted).mean())
    made.append(synthetic)
evenly = np.concatenate([rows[children == wanted][:600] for wanted in range(3)])
ending(np.concatenate(made), rng.permutation(evenly), right=np.mean(right), d_loss=loss_d.item(), g_loss=loss_g.item())
