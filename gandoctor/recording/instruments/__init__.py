"""Instruments: one measurement each, made for a session."""
