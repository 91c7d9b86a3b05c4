"""The agent with its real adapters, as a process that is forked from one which has imported everything already."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import warnings
from pathlib import Path

from dashboard.agent import adapters
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.service import run_agent
from data.strategies.folder import ControlFolder

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "data.strategies.in_process", "data.strategies.wrapped", __name__])


def serve(log: str, told: str) -> None:
    """Until stopped. `told`: its options; `kill_at` names the step at which it kills itself."""
    with Path(log).open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    warnings.simplefilter("error")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    given = json.loads(told)
    at = given.pop("kill_at", None)
    given["control_dir"] = Path(given["control_dir"])

    def step(name: str) -> None:
        print("step", name, flush=True)
        if name == at:
            os.kill(os.getpid(), signal.SIGKILL)

    options = AgentOptions(step=step, **given)
    raise SystemExit(run_agent(options, adapters(ControlFolder(options.control_dir))))
