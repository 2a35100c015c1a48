#!/usr/bin/env bash
# Renews requirements.lock (what the image runs) and requirements-dev.lock (that, and what checks
# it) from pyproject.toml, with the hash of every file. Give `--upgrade` through LOCK_FLAGS to take
# newer releases than those that are locked.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python -m pip install -qq uv
compile() {
  # shellcheck disable=SC2086 -- flags are words
  .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
    --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
    --custom-compile-command 'make lock' ${LOCK_FLAGS:-} "$@"
}
compile --output-file requirements.lock
compile --group dev --constraints requirements.lock --output-file requirements-dev.lock
