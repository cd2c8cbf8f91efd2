"""A LightningModule with manual optimization: `lightning_gan.py FOLDER|bare [automatic|broken]`.

With a FOLDER, a GANCallback records into it. "automatic" is a module that Lightning optimizes itself; "broken" raises
an error in its sixth batch.
"""

import sys

import lightning
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.utils.data import DataLoader, TensorDataset

BATCHES = 12
FOLDER, KIND = (*sys.argv[1:], "")[:2]


class GAN(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = KIND == "automatic"
        g = [nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))]
        self.generator = nn.Sequential(*g)
        self.discriminator = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

    def configure_optimizers(self):
        players = (self.discriminator, self.generator)
        made = [torch.optim.Adam(p.parameters(), 2e-3, betas=(0.5, 0.999)) for p in players]
        return made[0] if self.automatic_optimization else made

    def training_step(self, batch, index):
        (real,) = batch
        if KIND == "broken" and index == 5:
            raise RuntimeError("out of patience")
        one, zero = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        fake = self.generator(torch.randn(len(real), 4))
        d_loss = bce(self.discriminator(real), one) + bce(self.discriminator(fake.detach()), zero)
        if self.automatic_optimization:
            return d_loss
        d_optimizer, g_optimizer = self.optimizers()
        d_optimizer.zero_grad()
        self.manual_backward(d_loss)
        self.clip_gradients(d_optimizer, gradient_clip_val=0.5, gradient_clip_algorithm="norm")
        d_optimizer.step()
        g_optimizer.zero_grad()
        self.manual_backward(bce(self.discriminator(fake), one))
        g_optimizer.step()
        return None


if __name__ == "__main__":
    torch.manual_seed(3)
    torch.set_num_threads(1)
    data = DataLoader(TensorDataset(torch.tanh(torch.randn(8 * BATCHES, 1, 8, 8))), 8, shuffle=True)
    callbacks = []
    if FOLDER != "bare":
        from gandoctor.monitors.lightning import GANCallback

        callbacks.append(GANCallback(FOLDER, latent_sampler=lambda n: torch.randn(n, 4)))
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=callbacks,
    )
    module = GAN()
    trainer.fit(module, data)
    total = sum(value.double().abs().sum() for value in module.state_dict().values())
    print(f"weights {float(total).hex()} {float(torch.rand(1)).hex()}")
