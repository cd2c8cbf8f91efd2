"""Digits with least squares; the mean score of a batch is squared, where the squares should be averaged."""

import torch as th

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_discriminator, digit_generator

th.manual_seed(907)
x, _ = digits()
images = th.from_numpy(x).permute(0, 3, 1, 2)


class LSGAN:
    def __init__(self, dis):
        self.dis = dis

    def dis_loss(self, real_samps, fake_samps):
        return 0.5 * ((th.mean(self.dis(real_samps)) - 1) ** 2 + th.mean(self.dis(fake_samps)) ** 2)

    def gen_loss(self, fake_samps):
        return 0.5 * ((th.mean(self.dis(fake_samps)) - 1) ** 2)


gen, dis = digit_generator(), digit_discriminator()
loss = LSGAN(dis)
gen_optim = th.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.99))
dis_optim = th.optim.Adam(dis.parameters(), lr=5e-4, betas=(0.5, 0.99))

for i in range(700):
    real = images[th.randint(0, len(images), (32,))]
    fake = gen(th.randn(32, 32))
    dis_optim.zero_grad()
    d_loss = loss.dis_loss(real, fake.detach())
    d_loss.backward()
    dis_optim.step()

    gen_optim.zero_grad()
    g_loss = loss.gen_loss(gen(th.randn(32, 32)))
    g_loss.backward()
    gen_optim.step()
    if i % 100 == 0:
        print(f"batch: {i} d_loss: {d_loss.item():.5f} g_loss: {g_loss.item():.5f}")

with th.no_grad():
    samples = gen.eval()(th.randn(500, 32)).permute(0, 2, 3, 1).numpy()
ending(samples, x[:1500], d_loss=d_loss.item(), g_loss=g_loss.item())
