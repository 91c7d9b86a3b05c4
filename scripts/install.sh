#!/bin/sh
# Make or mend .venv: the packages of requirements/$1.lock (run or dev; dev contains run), each held by its hash, and the
# project itself with its command `mtz`. Silent and quick when nothing changed. PYTHON=… chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

kind=$1
venv=.venv
stamp=$venv/.installed-$kind
# The folder is part of the stamp: a .venv that was moved or copied has the old place in its scripts.
wanted="$(cat requirements/"$kind".lock requirements/uv.lock pyproject.toml scripts/install.sh scripts/link_project.py | cksum) $(pwd -P)"

say() { printf 'mtz: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usable() { [ -x $venv/bin/python ] && $venv/bin/python -I -S -c '' 2>/dev/null; }

installed() { [ -f "$venv/.installed-$1" ] && [ "$(cat "$venv/.installed-$1")" = "$2" ]; }

if installed "$kind" "$wanted" && [ -x $venv/bin/mtz ] && usable; then exit 0; fi
if [ "$kind" = run ] && [ -f $venv/.installed-dev ] && [ -x $venv/bin/mtz ] && usable; then
    dev="$(cat requirements/dev.lock requirements/uv.lock pyproject.toml scripts/install.sh scripts/link_project.py | cksum) $(pwd -P)"
    if installed dev "$dev"; then exit 0; fi
fi

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
whole='import ensurepip, ssl, venv'

find_python() { # the first that fits and is whole, else the first that fits
    found=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c "$fits" >/dev/null 2>&1 || continue
        [ -n "$found" ] || found=$candidate
        if "$candidate" -c "$whole" >/dev/null 2>&1; then found=$candidate; return; fi
    done
    [ -n "$found" ] || die "Python 3.11, 3.12 or 3.13 is needed and none was found: install one, or name it with PYTHON=/path/to/python."
}

as_root() { # run as root where that needs no password
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

complete_python() { # Debian splits venv off
    if "$found" -c "$whole" >/dev/null 2>&1; then return; fi
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    package="python$version-venv"
    if command -v apt-get >/dev/null 2>&1; then
        say "installing $package ..."
        as_root apt-get update -qq >/dev/null 2>&1 || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 || true
    fi
    "$found" -c "$whole" >/dev/null 2>&1 || die "$found has no venv module: install it (Debian, Ubuntu: sudo apt-get install $package)."
}

log=$(mktemp "${TMPDIR:-/tmp}/mtz-install.XXXXXX")
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1; }

make_venv() {
    find_python
    complete_python
    say "making $venv with $("$found" --version 2>&1) ..."
    rm -rf $venv
    quietly "$found" -m venv $venv || { cat "$log" >&2; die "$venv could not be made: is this folder writable and the disk not full?"; }
}

install_packages() {
    lock=requirements/$kind.lock
    say "installing the packages of $lock ..."
    # Hashes are checked whichever of the two installs.
    if [ ! -x $venv/bin/uv ]; then
        quietly $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock || true
    fi
    if [ -x $venv/bin/uv ] && quietly $venv/bin/uv pip install --quiet --no-config --python $venv/bin/python --require-hashes -r "$lock"; then return; fi
    quietly $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" && return
    tail -n 5 "$log" >&2
    die "the packages could not be installed: check the network and try again."
}

# A .venv of another folder, of a Python that is gone, or without pip is made anew; otherwise it is brought up to date.
place="$(pwd -P)"
if ! usable || ! [ -x $venv/bin/pip ] || [ "$(cat $venv/.place 2>/dev/null)" != "$place" ]; then make_venv; fi
rm -f $venv/.installed-*
install_packages
$venv/bin/python -I scripts/link_project.py
printf '%s' "$place" >$venv/.place
printf '%s' "$wanted" >"$stamp"
say "installed"
