#!/usr/bin/env bash
# Set up everything that `make demo` and `make test` need: Java, a virtual environment, the pinned packages.
# Run again, it returns at once while nothing that it depends on has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=${PATH//"$PWD/.venv/bin:"/} # the environment must not be made by the Python inside of it
unset PYTHONDONTWRITEBYTECODE # Airflow starts twice as fast from compiled files

venv=.venv
stamp=$venv/installed

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

may_install() { # as root, or where sudo asks for no password
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    local prefix=()
    [ "$(id -u)" = 0 ] || prefix=(sudo -n)
    "${prefix[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${prefix[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

java_version() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    command -v "$java" >/dev/null || return 1
    "$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

need_java() {
    local found
    found=$(java_version || true)
    [ "${found:-0}" -ge 17 ] && return
    if may_install; then
        say "Installing Java 17"
        apt_install openjdk-17-jre-headless || apt_install default-jre-headless
    elif command -v brew >/dev/null; then
        say "Installing Java 17"
        brew install --quiet openjdk@17
        export JAVA_HOME
        JAVA_HOME=$(brew --prefix openjdk@17)/libexec/openjdk.jdk/Contents/Home
    fi
    found=$(java_version || true)
    [ "${found:-0}" -ge 17 ] ||
        fail "Spark needs Java 17 or newer, found ${found:-none}: install it (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set JAVA_HOME to it"
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=/path/to/python3.11"
}

make_venv() {
    local python=$1
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        may_install || fail "$python cannot make virtual environments: install it (Debian: apt install python3-venv)"
        say "Installing python3-venv"
        apt_install python3-venv
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

wanted() { # what an installation depends on, as one checksum
    {
        "$1" -c 'import sys; print(sys.version)'
        cat requirements-dev.txt requirements-uv.txt pyproject.toml
        pwd
    } | "$1" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

need_java
python=$(find_python)
sum=$(wanted "$python")
mkdir -p build
if command -v flock >/dev/null; then
    exec 9>build/setup.lock
    flock 9 # two setups at once would install into one folder
fi
if [ "$(cat "$stamp" 2>/dev/null || true)" = "$sum" ]; then
    exit 0
fi

say "Making the virtual environment with $("$python" --version)"
make_venv "$python"
say "Installing the pinned packages, checked by hash (the first time takes a few minutes)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes --no-deps \
    --compile-bytecode -r requirements-dev.txt
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --editable .
"$venv/bin/python" -m compileall -q include plugins dags demo spark_jobs
printf '%s' "$sum" >"$stamp" # last: an interrupted setup starts again
say "Ready"
