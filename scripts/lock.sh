#!/bin/sh
# Choose versions anew from pyproject.toml, for every supported Python and system, with hashes.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url "$@"; }

compile pyproject.toml -o requirements/run.lock
compile pyproject.toml --group dev -o requirements/dev.lock
echo uv | compile - -o requirements/uv.lock
.venv/bin/python scripts/check_locks.py --write
