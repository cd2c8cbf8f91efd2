"""Series of three frequencies, a conditional WGAN-GP; before each epoch X is shuffled and Y is left as it was."""

import numpy as np
import torch

from reference_models.wild.data import ending
from reference_models.wild.torch_networks import dense

torch.manual_seed(412)
np.random.seed(0)
Y_train = np.random.randint(0, 3, 3000)
time = np.linspace(0, 1, 32, endpoint=False)[None]
phase = np.random.uniform(0, 1, (3000, 1))
X_train = 0.8 * np.sin(2 * np.pi * (np.array([1, 2, 4])[Y_train][:, None] * time + phase)).astype("float32")
x = X_train.copy()
generator, critic = dense(16 + 3, 32, 128), dense(32 + 3, 1, 128)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
onehot = torch.eye(3)


def judge(series, labels):
    return critic(torch.cat([series, onehot[labels]], 1))


def generate(labels):
    return generator(torch.cat([torch.randn(len(labels), 16), onehot[labels]], 1))


for epoch in range(40):
    np.random.shuffle(X_train)
    for i in range(0, 2944, 64):
        X = torch.from_numpy(X_train[i : i + 64].copy())
        Y = torch.from_numpy(Y_train[i : i + 64])
        fake = generate(Y)
        alpha = torch.rand(64, 1)
        between = (alpha * X + (1 - alpha) * fake.detach()).requires_grad_(True)
        (slope,) = torch.autograd.grad(judge(between, Y).sum(), between, create_graph=True)
        c_loss = judge(fake.detach(), Y).mean() - judge(X, Y).mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
        opt_c.zero_grad()
        c_loss.backward()
        opt_c.step()
        if i % 128 == 0:
            g_loss = -judge(fake, Y).mean()
            opt_g.zero_grad()
            g_loss.backward()
            opt_g.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: critic {c_loss.item():.3f}, generator {g_loss.item():.3f}")

wanted = np.repeat([0, 1, 2], 300)
with torch.no_grad():
    samples = generate(torch.from_numpy(wanted)).numpy()
# how many samples have the frequency that was asked for
heard = abs(np.fft.rfft(samples))[:, [1, 2, 4]].argmax(1)
ending(samples, x[:2000], right=(heard == wanted).mean(), d_loss=c_loss.item(), g_loss=g_loss.item())
