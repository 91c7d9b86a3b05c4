"""``python -m data.simulator``: run the gateway from a command line; prints one line when it is ready."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from data.simulator.gateway import GatewayOptions, run_gateway


def options_of(arguments: list[str]) -> GatewayOptions:
    """Command line arguments as options."""
    parser = argparse.ArgumentParser(prog="data.simulator", description="A simulated IB Gateway.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4002, help="0 takes any free port")
    parser.add_argument("--account", action="append", dest="accounts", help="may be given several times")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the world's time runs")
    parser.add_argument("--hours", choices=("always", "real"), default="always")
    parser.add_argument("--tick-interval", type=float, default=0.25)
    parser.add_argument("--state", type=Path, dest="state_path")
    parser.add_argument("--master-client-id", type=int)
    parser.add_argument("--line-limit", type=int, default=100)
    parser.add_argument("--message-limit", type=int, default=50)
    parser.add_argument("--account-interval", type=float, default=3.0)
    parser.add_argument("--pnl-interval", type=float, default=1.0)
    parser.add_argument("--admin-port", type=int)
    parser.add_argument("--admin-token", default="")
    parser.add_argument("--no-trader", action="store_false", dest="trader")
    values = vars(parser.parse_args(arguments))
    values["accounts"] = tuple(values["accounts"] or ("DU9000001",))
    return GatewayOptions(**values)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    options = options_of(sys.argv[1:])
    try:
        run_gateway(options, lambda port: print(f"ready {options.host}:{port}", flush=True))
    except OSError as error:
        raise SystemExit(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None


if __name__ == "__main__":
    main()
