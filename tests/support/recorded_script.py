"""Run a script as the child of `gandoctor run` does, without what comes after it: RUN_DIR SCRIPT ARGUMENTS."""

import sys
from pathlib import Path

from gandoctor.experiments.child.script import run_script
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.experiments.job import Job


def announce(run_dir: Path, model: str) -> None:
    print("recording", run_dir.name, model, flush=True)


run_dir, script, *arguments = sys.argv[1:]
why = run_script(Job(target=script, run_dir=run_dir, arguments=arguments), StopRequest(), announce)
print(why or "", flush=True)
