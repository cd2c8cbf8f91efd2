"""GAN programs as people write them, and the harness that trains them without and with a monitor."""
