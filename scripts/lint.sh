#!/bin/sh
# Everything that is checked without running the program. All of it runs; the exit code tells whether all passed.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=0

check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "lint: $name ok"
    else
        printf '%s\n' "$output" | cut -c1-300 | head -n 60
        echo "lint: $name FAILED"
        failed=1
    fi
}

check "ruff check" $bin/ruff check .
check "ruff format" $bin/ruff format --check .
check "mypy" $bin/mypy data dashboard
check "import-linter" $bin/lint-imports
check "hadolint" $bin/hadolint --failure-threshold style Dockerfile
check "compose-lint" $bin/compose-lint --fail-on low --no-env docker-compose.yml
check "locks" $bin/python scripts/check_locks.py
check "shell" sh -n scripts/install.sh
exit $failed
