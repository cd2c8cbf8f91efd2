"""Instruments: one measurement each."""
