#!/bin/sh
# Make sure that there is a Node (18 or newer, by apt where it is missing) and bring the packages of
# tests/timescale/wasm/package-lock.json into .cache/wasm. Silent when nothing changed. Only the tests need it.
set -eu
cd "$(dirname "$0")/.."

source=tests/timescale/wasm
target=.cache/wasm
say() { printf 'mtz: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}
fits() { command -v node >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; }

if ! { fits && command -v npm >/dev/null 2>&1; } && command -v apt-get >/dev/null 2>&1; then
    say "installing nodejs and npm for the TimescaleDB tests ..."
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null 2>&1 || true
fi
fits || die "the TimescaleDB tests need Node 18 or newer: install it (Debian 12: sudo apt-get install nodejs npm)."

wanted="$(cat $source/package.json $source/package-lock.json | cksum)"
if [ -f $target/.installed ] && [ "$(cat $target/.installed)" = "$wanted" ]; then exit 0; fi
command -v npm >/dev/null 2>&1 || die "the TimescaleDB tests need npm: install it (Debian: sudo apt-get install npm)."
say "installing TimescaleDB as WebAssembly into $target ..."
mkdir -p $target
cp $source/package.json $source/package-lock.json $target/
log=$(mktemp "${TMPDIR:-/tmp}/mtz-node.XXXXXX")
trap 'rm -f "$log"' EXIT
if ! npm ci --prefix $target --ignore-scripts --no-audit --no-fund >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    die "TimescaleDB as WebAssembly could not be installed: check the network and run sh scripts/node.sh again."
fi
printf '%s' "$wanted" >$target/.installed
