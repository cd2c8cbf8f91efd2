"""The fault benchmark of the reference model: its plan (plan.json, written by `plan`) and its oracle.

gandoctor benchmark --split calibration
gandoctor benchmark --split test
"""
