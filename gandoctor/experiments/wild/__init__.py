"""The corpus of real bugs: small programs rebuilt from public reports, run as a stranger would, and judged.

    catalogue -> run (conduct) -> judge -> score -> publish

The catalogue and its programs are found by path. Nothing here imports them.
"""
