#!/usr/bin/env bash
# Fills build/wheels: all that deploy/Dockerfile installs, so that building it needs no network.
# The packages are fetched when the lock file or Python changed; our own wheel is always made anew.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=build/wheels.sha256
wanted=$({ .venv/bin/python --version; cat requirements.lock; } | sha256sum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  echo 'wheelhouse: fetching what requirements.lock names'
  rm -rf build/wheels "$stamp"
  .venv/bin/python -m pip download -qq --only-binary :all: --require-hashes \
    --requirement requirements.lock --dest build/wheels
  printf '%s\n' "$wanted" >"$stamp"
fi
rm -f build/wheels/swarmscope-*.whl
.venv/bin/python -m build --wheel --no-isolation --outdir build/wheels . >build/wheel.log 2>&1 \
  || { cat build/wheel.log; exit 1; }
