#!/usr/bin/env bash
# Runs PBFT in random simulated worlds, with faults of every kind and up to f Byzantine validators, on all cores until
# the budget ends. Prints what the worlds did; after a violation also the command that replays it, and exits with 1.
# Usage: contrib/swarm.sh [--no-install] [--budget MINUTES] [--seed S] [--jobs N]
#   --no-install      do not install packages
#   --budget MINUTES  how long to run, without the build (default: 10)
#   --seed S          the first seed (default: from the clock); seeds are taken in order from there
#   --jobs N          run N worlds at a time (default: one for each core)
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes budget=10 seed=$(date +%s)000 jobs=$(nproc)
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --budget | --seed | --jobs)
            [ $# -ge 2 ] || fail "$1 needs a value"
            [[ $2 =~ ^[0-9]{1,18}$ ]] || fail "$1 needs a whole number, not $2"
            case "$1" in
                --budget) budget=$((10#$2)) ;;
                --seed) seed=$((10#$2)) ;;
                --jobs) jobs=$((10#$2)) ;;
            esac
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --budget, --seed and --jobs" ;;
    esac
    shift
done
[ "$jobs" -gt 0 ] || fail "--jobs needs at least 1"

prepare "$install" unit_consensus

step "running worlds from seed $seed on $jobs cores for $budget minutes"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
ends=$((SECONDS + budget * 60))
batch=25 # seeds of one process

# Worker $1 takes every $jobs-th batch, until the time is over or a world has failed.
run_worker() {
    local first=$((seed + $1 * batch)) log=$results/log.$1
    while [ ! -e "$results/failed" ]; do
        if ! PARLEY_TEST_SEED=$first PARLEY_SWARM_SEEDS=$batch build/release/bin/unit_consensus \
            --gtest_filter='Swarm.stays_safe_and_becomes_live' > "$log" 2>&1; then
            cp "$log" "$results/failure.$1"
            touch "$results/failed"
            return 0
        fi
        grep '^swarm:' "$log" >> "$results/sums.$1"
        first=$((first + jobs * batch))
        [ "$SECONDS" -lt "$ends" ] || return 0
    done
}

for ((worker = 0; worker < jobs; ++worker)); do run_worker "$worker" & done
wait

touch "$results/sums.none"
cat "$results"/sums.* | awk '
    { for (i = 2; i <= NF; ++i) { split($i, pair, "="); sum[pair[1]] += pair[2] } }
    END {
        printf "\nseeds run %d (%d lossy to the end), blocks %d, views %d, crashes %d\n", sum["seeds"], sum["lossy"],
            sum["blocks"], sum["views"], sum["crashes"]
        print "Byzantine validators by behaviour:"
        for (name in sum) {
            if (name !~ /^(seeds|blocks|views|crashes|lossy)$/) printf "  %-20s %d\n", name, sum[name] | "sort"
        }
    }'
if [ -e "$results/failed" ]; then
    cat "$results"/failure.*
    fail "a world has failed: the lines above say which seed and how to replay it (in build/release/bin)"
fi
echo "violations 0"
