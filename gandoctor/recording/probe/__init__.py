"""The probe: which latents and images are looked at every few steps."""
