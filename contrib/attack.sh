#!/usr/bin/env bash
# Attacks a node of its own on this machine the way strangers could, and prints what an honest peer and a user notice:
# ping and RPC times, CPU seconds, growth of memory and disk, and how many attackers are still connected.
# Usage: contrib/attack.sh [--no-install] [--no-build] [--seconds S] [--attackers N]... [--only NAME]...
#   --no-install   do not install packages
#   --no-build     neither install nor build: use the programs in PARLEY_BIN, or build/release/bin
#   --seconds S    how long to measure each attack, at most 60 (default: 20)
#   --attackers N  number of attacking connections; may be repeated (default: 1, 40 and 100)
#   --only NAME    one of invs, orphans, orphan-chains, addresses, weak-headers, near-headers, siblings, mutated,
#                  invalid, garbage, oversize, pings, deaf, engine, none; may be repeated (default: all)
# PEER_BITCOIND: the path of a bitcoind to be attacked in the same way, for comparison.
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes build=yes
passed_on=()
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --no-build) build=no ;;
        --seconds | --attackers | --only)
            [ $# -ge 2 ] || fail "$1 needs a value"
            passed_on+=("$1" "$2")
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --no-build, --seconds, --attackers and --only" ;;
    esac
    shift
done

if [ "$build" = yes ]; then prepare "$install" programs; fi
step "attacking"
PARLEY_BIN=${PARLEY_BIN:-$parley_root/build/release/bin} /usr/bin/python3 contrib/attack/attack.py "${passed_on[@]}"
