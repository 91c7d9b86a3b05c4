#!/bin/sh
# Make sure that there is a Chromium for the browser tests. Without one they are skipped, with the reason; but not in CI.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then exit 0; fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}
if command -v apt-get >/dev/null 2>&1; then
    echo "mtz: installing chromium for the browser tests ..." >&2
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || true
fi
if command -v chromium >/dev/null 2>&1; then exit 0; fi
if [ "${CI:-}" = true ]; then
    echo "mtz: there is no Chromium and it could not be installed: in CI the browser tests must run." >&2
    exit 1
fi
echo "mtz: there is no Chromium: the browser tests are skipped (Debian: sudo apt-get install chromium)." >&2
