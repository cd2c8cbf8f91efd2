"""An auxiliary-classifier GAN of digits; the loss expects logarithms of chances, and the classifier ends in a softmax."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_features, digit_generator

torch.manual_seed(206)
x, shown = digits()
data = TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(shown).long())
loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = digit_features()
        self.fc_dis = nn.Sequential(nn.Linear(32 * 49, 1), nn.Sigmoid())
        self.fc_aux = nn.Sequential(nn.Linear(32 * 49, 10), nn.Softmax(dim=1))

    def forward(self, image):
        flat = self.features(image)
        return self.fc_dis(flat), self.fc_aux(flat)


netG, netD = digit_generator(latent=42), Discriminator()
dis_criterion, aux_criterion = nn.BCELoss(), nn.NLLLoss()
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)


def generate(wished):
    return netG(torch.cat([torch.randn(len(wished), 32), nn.functional.one_hot(wished, 10).float()], 1))


for epoch in range(5):
    for real, label in loader:
        wished = torch.randint(0, 10, (32,))
        fake = generate(wished)
        netD.zero_grad()
        (dis_real, aux_real), (dis_fake, aux_fake) = netD(real), netD(fake.detach())
        errD = dis_criterion(dis_real, ones) + aux_criterion(aux_real, label)
        errD = errD + dis_criterion(dis_fake, zeros) + aux_criterion(aux_fake, wished)
        errD.backward()
        optimizerD.step()

        netG.zero_grad()
        dis_fake, aux_fake = netD(fake)
        errG = dis_criterion(dis_fake, ones) + aux_criterion(aux_fake, wished)
        errG.backward()
        optimizerG.step()
    accuracy = (aux_real.argmax(1) == label).float().mean()
    print(f"epoch {epoch} Loss_D: {errD.item():.3f} Loss_G: {errG.item():.3f} Acc: {accuracy.item():.2f}")

# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
netG.eval()
with torch.no_grad():
    samples = generate(torch.from_numpy(wanted)).numpy()
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=errD.item(), g_loss=errG.item())
