"""Digits of a wanted class by an ACGAN; the discriminator has one head for real or fake and one for the class."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import digits, ending
from reference_models.wild.torch_networks import digit_generator

torch.manual_seed(1104)
x, which = digits()
images, classes = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(which).long()
nz, num_classes, batch_size = 32, 10, 32


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten()
        )
        self.fc_dis, self.fc_aux = nn.Linear(1568, 1), nn.Linear(1568, num_classes)
        self.softmax, self.sigmoid = nn.Softmax(dim=1), nn.Sigmoid()

    def forward(self, image):
        h = self.body(image)
        return self.sigmoid(self.fc_dis(h)), self.softmax(self.fc_aux(h))


netG, netD = digit_generator(nz + num_classes), Discriminator()
dis_criterion, aux_criterion = nn.BCELoss(), nn.NLLLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)


def noise(labels):
    return torch.cat([torch.randn(len(labels), nz), F.one_hot(labels, num_classes).float()], 1)


for step in range(400):
    pick, label = torch.randint(0, len(x), (batch_size,)), torch.randint(0, num_classes, (batch_size,))
    dis_output, aux_output = netD(images[pick])
    errD = dis_criterion(dis_output, real_label) + aux_criterion(aux_output, classes[pick])
    fake = netG(noise(label))
    dis_output, aux_output = netD(fake.detach())
    errD = errD + dis_criterion(dis_output, fake_label) + aux_criterion(aux_output, label)
    optimizerD.zero_grad()
    errD.backward()
    optimizerD.step()

    dis_output, aux_output = netD(fake)
    aux_errG = aux_criterion(aux_output, label)
    errG = dis_criterion(dis_output, real_label) + aux_errG
    optimizerG.zero_grad()
    errG.backward()
    optimizerG.step()
    if step % 100 == 0:
        print(f"[{step}] Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f} aux: {aux_errG.item():.4f}")

label = torch.arange(1000) % num_classes
means = torch.stack([images[classes == c].mean(0).flatten() for c in range(num_classes)])
with torch.no_grad():
    made = netG(noise(label))
right = (torch.cdist(made.flatten(1), means).argmin(1) == label).float().mean()
ending(made.permute(0, 2, 3, 1).numpy(), x[:2000], right=right, d_loss=errD.item(), g_loss=errG.item())
