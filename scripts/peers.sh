#!/usr/bin/env bash
# Fetches the programs that the specs talk to and that are no dependency of the package, into .peers/ (ignored by git):
#   .peers/tinyproto-2.0.1, .peers/tinyproto-3.0   the Python original, each alone in its folder
#   chromium                                       in which pages run: Debian's, where CI runs as root; RX_TINYPROTO_CHROMIUM may name another
#   haproxy                                        which calls by the PROXY protocol: Debian's, where CI runs as root
#   nats-server                                    through which rooms span processes: Debian's, where CI runs as root; NATS_SERVER may name another
# A peer that could not be fetched because no registry answers leaves .peers/<peer>.unreachable with the reason, and that
# is no failure: its specs are skipped and named. Anything else that goes wrong is one.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p .peers
failures=0

# A bare machine of CI may have no Python. Nobody else's machine is touched.
if ! python3 -m pip --version >/dev/null 2>&1; then
  if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3 python3-pip >/dev/null
  fi
  if ! python3 -m pip --version >/dev/null 2>&1; then
    echo 'peers: no python3 with pip here, so no Python peers' >&2
    exit 1
  fi
fi

fetch_python() { # fetch_python PACKAGE VERSION
  local peer="$1-$2" log
  local folder=".peers/$peer" record=".peers/$peer.unreachable"
  if [ -e "$folder/.complete" ]; then
    echo "peers: $peer is here"
    return
  fi
  rm -rf "$folder" "$record"
  if log=$(python3 -m pip install --no-deps --quiet --disable-pip-version-check --root-user-action ignore --retries 2 \
    --target "$folder" "$1==$2" 2>&1); then
    touch "$folder/.complete"
    echo "peers: $peer fetched"
  elif grep -q -e 'connection broken by' -e 'from versions: none' <<<"$log"; then
    echo 'the Python package registry could not be reached' >"$record"
    echo "peers: $peer not fetched: $(cat "$record")"
  else
    echo "peers: $peer not fetched:" >&2
    echo "$log" >&2
    failures=$((failures + 1))
  fi
}

fetch_python tinyproto 2.0.1
fetch_python tinyproto 3.0

install_package() { # install_package PACKAGE: Debian's, on a bare machine of CI
  local package="$1"
  if [ "${CI:-}" != true ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "peers: no $package here"
  elif ! apt-get update -qq; then
    echo 'the Debian packages could not be reached' >".peers/$package.unreachable"
    echo "peers: $package not installed: $(cat ".peers/$package.unreachable")"
  elif apt-get install -y -qq --no-install-recommends "$package" >/dev/null; then
    echo "peers: $package installed"
  else
    echo "peers: $package not installed" >&2
    failures=$((failures + 1))
  fi
}

# Specs find it where Debian puts it, on the PATH, or where NATS_SERVER says.
if [ -x "${NATS_SERVER:-/usr/sbin/nats-server}" ] || command -v nats-server >/dev/null; then
  echo 'peers: nats-server is here'
else
  install_package nats-server
fi

if [ -x /usr/sbin/haproxy ] || command -v haproxy >/dev/null; then
  echo 'peers: haproxy is here'
else
  install_package haproxy
fi

# Without a window, for pages.
if [ -x "${RX_TINYPROTO_CHROMIUM:-/usr/bin/chromium}" ] || command -v chromium >/dev/null; then
  echo 'peers: chromium is here'
else
  install_package chromium
fi

exit "$((failures > 0))"
