#!/bin/sh
# Runs one comparison with an original: run.sh FOLDER SCRIPT.mjs [ARGUMENTS]. RIVULET is the command of our binary.
# The original's packages are installed into the folder once, as package-lock.json pins them.
set -eu
if [ "${RIV_SKIP_INTEROP:-}" = 1 ]; then
    echo "skipped: RIV_SKIP_INTEROP=1"
    exit 77
fi
folder=$(dirname "$0")/$1
shift
cd "$folder"
for tool in node npm; do
    command -v $tool >/dev/null || { echo "$tool is missing; RIV_SKIP_INTEROP=1 skips this test" >&2; exit 1; }
done
if ! cmp -s package-lock.json node_modules/.installed; then
    # Several tests may start at once: only one installs.
    waited=0
    while ! mkdir .installing 2>/dev/null; do
        waited=$((waited + 1))
        [ $waited -lt 180 ] || { echo "$PWD/.installing is left over from a run that was stopped: remove it" >&2; exit 1; }
        sleep 1
    done
    trap 'rmdir .installing 2>/dev/null || true' EXIT
    if ! cmp -s package-lock.json node_modules/.installed; then
        npm ci --silent --no-audit --no-fund || { echo "npm ci failed; RIV_SKIP_INTEROP=1 skips this test" >&2; exit 1; }
        cp package-lock.json node_modules/.installed
    fi
    rmdir .installing
    trap - EXIT
fi
exec node "$@"
