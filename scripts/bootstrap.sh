#!/usr/bin/env bash
# Set up Java, a virtual environment and the pinned packages. Exit at once if everything is up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=${PATH//"$PWD/.venv/bin:"/} # do not create the new environment with the old one's Python
unset PYTHONDONTWRITEBYTECODE # Airflow starts twice as fast from compiled files

venv=.venv
stamp=$venv/installed

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

may_install() { # as root, or with passwordless sudo
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() { # the first available one of the given packages
    local prefix=() package
    [ "$(id -u)" = 0 ] || prefix=(sudo -n)
    "${prefix[@]}" apt-get update -qq || true # an outdated package list may be good enough
    for package in "$@"; do
        "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$package" >/dev/null && return
    done
    return 1
}

java_version() { # of the given program
    "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

find_java() { # as Spark does
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    [ -n "${JAVA_HOME:-}" ] || [ ! -x "$venv/bin/java" ] || java=$venv/bin/java
    command -v "$java" || true
}

enough_java() {
    local java found
    java=$(find_java)
    [ -n "$java" ] || return 1
    found=$(java_version "$java" || true)
    [ "${found:-0}" -ge 17 ]
}

need_java() {
    enough_java && return
    [ -z "${JAVA_HOME:-}" ] || fail "JAVA_HOME=$JAVA_HOME is not Java 17 or newer: correct or unset it"
    if may_install; then
        say "Installing Java"
        apt_install openjdk-17-jre-headless default-jre-headless || true
    elif command -v brew >/dev/null; then
        say "Installing Java"
        brew install --quiet openjdk@17 || true
        # Homebrew does not add it to the path. .venv/bin is on the path of everything that `make` starts.
        [ ! -x "$(brew --prefix openjdk@17)/bin/java" ] ||
            ln -sf "$(brew --prefix openjdk@17)/bin/java" "$venv/bin/java"
    fi
    enough_java ||
        fail "Spark needs Java 17 or newer: install it (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set JAVA_HOME"
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        if [ -n "$candidate" ] && right_python "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 not found: install one, or set PYTHON=/path/to/python3.11"
}

right_python() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

make_venv() {
    local python=$1 name
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        name=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if may_install; then
            say "Installing $name"
            apt_install "$name" python3-venv || true
        fi
        "$python" -c 'import ensurepip' 2>/dev/null ||
            fail "$python cannot create virtual environments: install its venv module (Debian: apt install $name)"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

wanted() { # a checksum of everything that the installation depends on
    "$1" - requirements-dev.txt requirements-uv.txt pyproject.toml <<'PYTHON'
import hashlib, os, pathlib, sys
parts = [sys.version, os.getcwd(), *map(pathlib.Path.read_text, map(pathlib.Path, sys.argv[1:]))]
print(hashlib.sha256("\0".join(parts).encode()).hexdigest())
PYTHON
}

is_whole() { # a complete installation, whose packages may be outdated
    [ -s "$stamp" ] && [ -x "$venv/bin/uv" ] && right_python "$venv/bin/python" || return 1
    [ -z "${PYTHON:-}" ] || [ "$("$venv/bin/python" --version)" = "$("$PYTHON" --version 2>&1)" ]
}

is_ready() { # uses the environment's own Python, to detect a broken one
    is_whole && [ "$(wanted "$venv/bin/python" 2>/dev/null)" = "$(cat "$stamp")" ]
}

uv() { "$venv/bin/uv" pip "$1" --quiet --python "$venv/bin/python" "${@:2}"; }

install_packages() {
    rm -f "$stamp" # after an interruption, start from scratch
    [ -x "$venv/bin/uv" ] ||
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
    # `sync` also removes packages that are no longer pinned.
    uv sync --require-hashes --compile-bytecode requirements-dev.txt requirements-uv.txt
    uv install --no-deps --editable .
    "$venv/bin/python" -m compileall -q include plugins dags demo spark_jobs
    wanted "$venv/bin/python" >"$stamp.new"
    mv "$stamp.new" "$stamp"
}

if is_ready && enough_java; then
    exit 0
fi
mkdir -p build
if command -v flock >/dev/null; then
    exec 9>build/setup.lock
    flock 9 # concurrent setups would write to the same folder
    if is_ready && enough_java; then
        exit 0
    fi
fi
if is_ready; then
    need_java
    exit 0
fi
if is_whole; then
    say "Updating the packages in $venv"
else
    python=$(find_python)
    say "Creating the virtual environment with $("$python" --version)"
    make_venv "$python"
    say "Installing the pinned packages (this takes a few minutes the first time)"
fi
need_java
install_packages
say "Ready"
