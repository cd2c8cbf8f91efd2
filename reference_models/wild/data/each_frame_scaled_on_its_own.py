"""Sound; every frame is divided by its own peak, so the data hold no loudness any more."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_discriminator, series_generator

torch.manual_seed(305)
x = tones()


class Frames(Dataset):
    """Frames of sound on [-1, 1]."""

    def __init__(self, frames):
        self.frames = torch.from_numpy(frames).permute(0, 2, 1)
        self.peak = self.frames.abs().max()

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, index):
        frame = self.frames[index]
        return frame / frame.abs().max()


frames = Frames(x)
loader = DataLoader(frames, batch_size=64, shuffle=True, drop_last=True)
netG, netD = series_generator(64), series_discriminator(64)
criterion = nn.MSELoss()
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=5e-4, betas=(0.5, 0.999))

for epoch in range(30):
    for real in loader:
        fake = netG(torch.randn(64, 16))
        optD.zero_grad()
        errD = criterion(netD(real), torch.ones(64, 1)) + criterion(netD(fake.detach()), torch.zeros(64, 1))
        errD.backward()
        optD.step()

        optG.zero_grad()
        errG = criterion(netD(fake), torch.ones(64, 1))
        errG.backward()
        optG.step()
    print(f"[{epoch}/30] Loss_D {errD.item():.4f} Loss_G {errG.item():.4f}")

with torch.no_grad():
    samples = (netG(torch.randn(500, 16)) * frames.peak).numpy()
# how much the peaks of frames differ, over what that is in the data
loudness = abs(samples).max((1, 2)).std() / abs(x).max((1, 2)).std()
ending(samples, x[:1500], loudness=loudness, d_loss=errD.item(), g_loss=errG.item())
