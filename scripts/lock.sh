#!/bin/sh
# Resolves pyproject.toml into the two locks: every version and every file's hash, and no address of any registry.
set -eu
cd "$(dirname "$0")/.."
. scripts/uv.sh

lock() { # python-version out extra extra
    uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
        --python-version "$1" --extra "$3" --extra "$4" -o "requirements/$2" pyproject.toml
}

lock 3.11 gateway.txt gateway dev
lock 3.10 engine.txt engine engine-dev
echo "requirements/gateway.txt and requirements/engine.txt are up to date."
