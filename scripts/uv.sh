# shellcheck shell=sh
# Sourced, from the project's root: puts uv into .tools and defines `uv`, `fail` and `retry`.
# uv comes from a small environment of its own, so that it works where the system's Python is externally managed.
uv_version=0.13.9

fail() {
    echo "$1" >&2
    exit 1
}

retry() { # up to three times: a network that stumbles is not the end
    "$@" || { sleep 2; "$@"; } || { sleep 5; "$@"; }
}

find_python() { # one that starts (under pyenv `python3` may be a shim that leads nowhere) and can make environments
    for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3 /usr/local/bin/python3; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if [ "$(cat .tools/uv-version 2>/dev/null)" != "$uv_version" ] || ! .tools/bin/uv --version >/dev/null 2>&1; then
    python=$(find_python) ||
        fail "No Python 3 with its venv module was found: install Python 3.11 (on Debian python3-venv too), then run this again."
    echo "Bringing uv $uv_version into .tools ..."
    rm -rf .tools
    "$python" -m venv .tools || fail "'$python -m venv .tools' failed: see above."
    retry .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
        fail "uv $uv_version could not be installed with pip: see above."
    echo "$uv_version" >.tools/uv-version
fi

# uv does not read pip's settings: hand over its index (a mirror) and certificates, so that they are set in one place.
# Extra indexes are left alone: uv would look for a package in the first one that has any version of it.
pip_setting() {
    .tools/bin/python -m pip config list 2>/dev/null | sed -n "s/^\(global\|install\|:env:\)\.$1='\(.*\)'\$/\2/p" | tail -n 1
}
uv_setting() { # VARIABLE pip-setting
    eval "current=\${$1:-}"
    if [ -z "$current" ]; then
        value=$(pip_setting "$2")
        [ -z "$value" ] || export "$1=$value"
    fi
}

uv() {
    .tools/bin/uv --no-progress "$@"
}

uv_setting UV_DEFAULT_INDEX index-url
uv_setting SSL_CERT_FILE cert
