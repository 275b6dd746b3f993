#!/bin/sh
# Makes .venv (gateway, worker, command line, tests) and .venv-engine (Rasa) from the hash-pinned locks, or brings them
# up to date. Does nothing when both were made from the locks as they are now, in the folder where they are now.
set -eu
cd "$(dirname "$0")/.."

made_from() { # lock: what an environment depends on
    cat "requirements/$1" pyproject.toml
    pwd
}

is_current() { # environment lock
    [ -x "$1/bin/python" ] && made_from "$2" | cmp -s - "$1/.made-from"
}

if is_current .venv gateway.txt && is_current .venv-engine engine.txt; then
    exit 0
fi

. scripts/uv.sh

interpreter() { # version: what uv finds; else pyenv's, whose shims may be off the PATH; else uv downloads the version
    if ! uv python find --system --no-python-downloads "$1" >/dev/null 2>&1; then
        for candidate in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$1".*/bin/python; do
            if [ -x "$candidate" ]; then
                echo "$candidate"
                return
            fi
        done
    fi
    echo "$1"
}

environment() { # folder python lock
    echo "Preparing $1 (Python $2) ..."
    if ! "$1/bin/python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" 2>/dev/null; then
        uv venv --quiet --clear --python "$(interpreter "$2")" "$1" ||
            fail "Python $2 was not found and could not be downloaded: install Python $2, then run this again."
    fi
    rm -f "$1/.made-from"
    retry uv pip sync --quiet --require-hashes --python "$1/bin/python" "requirements/$3" ||
        fail "The packages of requirements/$3 could not be installed: see above."
}

if ! is_current .venv gateway.txt; then
    # A folder that was moved has scripts that point to where it was.
    if [ -f .venv/.made-from ] && [ "$(tail -n 1 .venv/.made-from)" != "$(pwd)" ]; then rm -rf .venv; fi
    environment .venv 3.11 gateway.txt
    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . ||
        fail "The project itself could not be installed: see above."
    made_from gateway.txt >.venv/.made-from
fi
if ! is_current .venv-engine engine.txt; then
    environment .venv-engine 3.10 engine.txt
    made_from engine.txt >.venv-engine/.made-from
fi
