#!/usr/bin/env bash
# Makes this checkout ready to run: Debian packages where root may install them, then .venv with
# what requirements-dev.lock names and the project itself. Says what it does; quick when there is
# nothing to do. Indexes, proxies and certificates are taken from pip's and apt's own configuration.
set -euo pipefail
cd "$(dirname "$0")/.."

# command:package, for what the lab and the tests start. Nobody's own tools are replaced: a package
# is only asked for where its command is missing.
readonly NEEDED=(
  dockerd:docker.io docker:docker.io iptables:iptables nft:nftables ip:iproute2 bridge:iproute2
  tcpdump:tcpdump busybox:busybox-static mmdebstrap:mmdebstrap ipvsadm:ipvsadm
  prometheus:prometheus promtool:prometheus
  prometheus-alertmanager:prometheus-alertmanager amtool:prometheus-alertmanager
  chromium:chromium
  prometheus-blackbox-exporter:prometheus-blackbox-exporter
  redis-server:redis-server nats-server:nats-server pg_lsclusters:postgresql
  zsh:zsh fish:fish
)
# Services that these packages would start, and would start again at the next boot.
readonly UNITS=(
  docker.service docker.socket containerd.service
  prometheus.service prometheus-alertmanager.service
  prometheus-blackbox-exporter.service redis-server.service nats-server.service postgresql.service
)

say() { printf 'setup: %s\n' "$*"; }

missing_packages() {
  local need
  for need in "${NEEDED[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${need%%:*}" >/dev/null || echo "${need#*:}"
  done
  # Debian's Python has `venv`, but what fills it is packaged apart.
  if [ -x /usr/bin/python3 ] && ! /usr/bin/python3 -c 'import ensurepip' 2>/dev/null; then
    echo python3-venv
  fi
}

# Install packages without starting their services, now or at the next boot.
install_packages() {
  local policy=/usr/sbin/policy-rc.d unit
  local -A known=()
  for unit in "${UNITS[@]}"; do
    [ -e "/lib/systemd/system/$unit" ] && known[$unit]=1
  done
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' RETURN
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "$@"
  for unit in "${UNITS[@]}"; do
    if [ -z "${known[$unit]:-}" ] && [ -e "/lib/systemd/system/$unit" ]; then
      systemctl disable --quiet "$unit" 2>/dev/null || true
    fi
  done
}

good_python() {
  "$1" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local python
  for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if good_python "$python"; then
      command -v "$python"
      return
    fi
  done
  say 'no Python 3.11 or newer with its venv module: install python3 and python3-venv' >&2
  return 1
}

mapfile -t missing < <(missing_packages | sort -u)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing Debian packages: ${missing[*]}"
    install_packages "${missing[@]}"
  else
    say "not root on Debian, so these stay missing, and what needs them is skipped: ${missing[*]}"
  fi
fi

if ! good_python .venv/bin/python; then
  python=$(find_python)
  say "making .venv with $python"
  "$python" -m venv --clear .venv
fi
stamp=.venv/setup.sha256
wanted=$({ .venv/bin/python --version; cat pyproject.toml requirements-dev.lock tools/setup.sh; } | sha256sum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  say 'installing what requirements-dev.lock names'
  .venv/bin/python -m pip install -qq --require-hashes --requirement requirements-dev.lock
  .venv/bin/python -m pip install -qq --no-deps --no-build-isolation --editable .
  printf '%s\n' "$wanted" >"$stamp"
fi
