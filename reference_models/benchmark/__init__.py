"""The fault benchmark of the reference model: its plan (`plan` writes plan.json) and its oracle.

gandoctor benchmark --split calibration
gandoctor benchmark --split test
"""
