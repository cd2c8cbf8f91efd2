"""A Lightning module with manual optimization, recorded by the callback."""

import lightning
import torch
from torch import nn

from gandoctor import load_run
from gandoctor.monitors.lightning import GANCallback


class GAN(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.Tanh())
        self.discriminator = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def training_step(self, batch, index):
        g_opt, d_opt = self.optimizers()
        (real,), bce = batch, nn.functional.binary_cross_entropy_with_logits
        one, zero = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        fake = self.generator(torch.randn(len(real), 4))
        d_opt.zero_grad()
        self.manual_backward(bce(self.discriminator(real), one) + bce(self.discriminator(fake.detach()), zero))
        d_opt.step()
        g_opt.zero_grad()
        self.manual_backward(bce(self.discriminator(fake), one))
        g_opt.step()

    def configure_optimizers(self):
        return [torch.optim.Adam(p.parameters(), 2e-4) for p in (self.generator, self.discriminator)]


data = torch.utils.data.TensorDataset(torch.tanh(torch.randn(256, 16)))
trainer = lightning.Trainer(
    max_epochs=4,
    callbacks=[GANCallback("lightning-run", latent_sampler=lambda n: torch.randn(n, 4))],
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    accelerator="cpu",
)
trainer.fit(GAN(), torch.utils.data.DataLoader(data, 32))
print("steps recorded:", load_run("lightning-run").last_step)
