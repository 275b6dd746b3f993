#!/bin/bash
# Everything that CI runs, in the order in which it fails soonest. Stops at the first step that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

gateway=.venv/bin
engine=.venv-engine/bin
export TQDM_DISABLE=1 # Rasa prints dozens of progress bars
alone=(tests/faults tests/conversations tests/calls tests/browser) # they start whole systems: a few at a time

step() { # title command...
    local title=$1 begin=$SECONDS
    shift
    echo
    echo "=== $title"
    "$@" || {
        local code=$?
        echo "=== $title: FAILED after $((SECONDS - begin)) s" >&2
        return "$code"
    }
    echo "=== $title: $((SECONDS - begin)) s"
}

with_tests() { # those of the given folders that hold tests
    for folder in "$@"; do
        if [ -n "$(find "$folder" -name 'test_*.py' -print -quit 2>/dev/null)" ]; then echo "$folder"; fi
    done
}

step "Debian packages for tests" sh scripts/test_packages.sh
step "ruff check" $gateway/ruff check .
step "ruff format" $gateway/ruff format --check .
step "mypy" $gateway/mypy
step "import rules" $gateway/lint-imports
step "cards" $gateway/ventanilla catalogue check
step "phrases" $gateway/ventanilla languages check
step "catalogue" $gateway/ventanilla catalogue build
step "training" $gateway/ventanilla train

in_engine=(tests/unit/engine tests/unit/actions tests/unit/understanding tests/unit/catalogue/learned tests/understanding
    tests/stories)
mapfile -t engine_tests < <(with_tests "${in_engine[@]}")
apart=("${alone[@]/#/--ignore=}" "${in_engine[@]/#/--ignore=}")

engine_steps() {
    step "Rasa's data validation" $gateway/ventanilla rasa data validate --fail-on-warnings
    step "Rasa's story test" $gateway/ventanilla rasa test core --stories tests/stories \
        --model models/ventanilla.tar.gz --out var/rasa-test --no-plot --fail-on-prediction-errors
    step "tests, engine environment" $engine/python -m pytest "${engine_tests[@]}"
}

# Two environments, side by side: the one computes while the other waits for servers. Each is told as a whole.
engine_log=$(mktemp)
trap 'rm -f "$engine_log"' EXIT
engine_steps >"$engine_log" 2>&1 &
beside=$!
step "tests, gateway environment" $gateway/python -m pytest -n 2 tests "${apart[@]}" || failed=1
wait "$beside" || failed=1
cat "$engine_log"
[ -z "${failed:-}" ] || exit 1

# Whole systems, each in processes of its own: what kills programs (and mostly waits) beside talk of all kinds, then the
# browser, which computes.
killed_log=$(mktemp)
trap 'rm -f "$engine_log" "$killed_log"' EXIT
step "tests of faults" $gateway/python -m pytest tests/faults >"$killed_log" 2>&1 &
beside=$!
step "tests of conversations and calls" $gateway/python -m pytest tests/conversations tests/calls || failed=1
step "tests of pages" $gateway/python -m pytest tests/browser || failed=1
wait "$beside" || failed=1
cat "$killed_log"
[ -z "${failed:-}" ] || exit 1

echo
echo "All passed in $SECONDS s."
