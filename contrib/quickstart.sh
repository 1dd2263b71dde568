#!/usr/bin/env bash
# Sets up Parley on a plain Debian 12: installs missing packages, builds Parley, runs a network of four proof-of-work
# daemons and a network of four PBFT daemons, and prints how often each network forked.
# Usage: contrib/quickstart.sh [--no-install] [--seconds N] [--nodes N] [--delay-ms D] [--consensus pow|pbft|both]
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

# 240 s at a block every two seconds: 100 heights and more, and at 300 ms about one in ten forks.
install=yes seconds=240 nodes=4 delay_ms=300 consensus=both
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --seconds | --nodes | --delay-ms | --consensus)
            [ $# -ge 2 ] || fail "$1 needs a value"
            case "$1" in
                --seconds) seconds=$2 ;;
                --nodes) nodes=$2 ;;
                --delay-ms) delay_ms=$2 ;;
                --consensus) consensus=$2 ;;
            esac
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --seconds, --nodes, --delay-ms and --consensus" ;;
    esac
    shift
done

cat << TEXT
Parley quickstart, in $parley_root:
  1. install the Debian packages that are missing$([ "$install" = yes ] || echo " (skipped: --no-install)")
  2. build parleyd, parley-cli and parley-lab in build/release/bin (some minutes the first time)
  3. run $nodes daemons for each consensus side by side, on this machine only, for $seconds s, $delay_ms ms apart
TEXT

if [ "$install" = yes ]; then
    step "installing packages"
    contrib/install_dependencies.sh
fi

step "building"
cmake --preset release
cmake --build --preset release --target programs

step "running the comparison ($consensus)"
results=build/results
mkdir -p "$results"
build/release/bin/parley-lab live --nodes "$nodes" --consensus "$consensus" --seconds "$seconds" \
    --delay-ms "$delay_ms" --json "$results/live.json" --picture "$results/live.svg"

step "done"
print_step_times
cat << TEXT

Programs   $parley_root/build/release/bin/parleyd, parley-cli, parley-lab
Figures    $parley_root/$results/live.json
Picture    $parley_root/$results/live.svg

How to go on:
  build/release/bin/parleyd -regtest -datadir=/tmp/parley &        # a node of your own (mkdir the directory first)
  build/release/bin/parley-cli -regtest -datadir=/tmp/parley getblockchaininfo
  build/release/bin/parley-cli -regtest -datadir=/tmp/parley stop
  contrib/test.sh                                                  # every test
README.md shows wallets, curl, Python clients and a PBFT network by hand.
TEXT
