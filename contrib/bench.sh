#!/usr/bin/env bash
# Builds a Release and prints the table of figures: start-up, memory, mining, RPC calls, hashing, PBFT decisions, the
# first sync of a generated chain, the simulator, the mining race. --blocks 576 --inputs 780000 selects the chain of the
# goal.
# Usage: contrib/bench.sh [--no-install] [--quick] [--blocks N] [--inputs N] [--only NAME]...
# Names: start, mining, rpc, hashing, pbft, sync, simulator, race, steps (the longest of the core thread, by kind).
# Run it on an idle machine. Compare ratios within one run rather than figures of different machines.
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes
passed_on=()
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --quick) passed_on+=("$1") ;;
        --only | --blocks | --inputs)
            [ $# -ge 2 ] || fail "$1 needs a value"
            passed_on+=("$1" "$2")
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --quick, --only NAME, --blocks N and --inputs N" ;;
    esac
    shift
done

if [ "$install" = yes ]; then
    step "installing packages"
    contrib/install_dependencies.sh
fi
step "building"
cmake --preset release
cmake --build --preset release --target programs benchmarks
step "measuring"
PARLEY_BIN=$parley_root/build/release/bin /usr/bin/python3 tests/bench/table.py "${passed_on[@]}"
