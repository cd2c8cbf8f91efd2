"""Contracts: what every GAN training must fulfil. Exact, judged from the first steps on."""
