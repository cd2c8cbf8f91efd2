"""The session: one training being recorded into one run directory."""
