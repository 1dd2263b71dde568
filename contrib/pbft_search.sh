#!/usr/bin/env bash
# Searches the PBFT engine exhaustively within growing bounds (tests/unit/consensus/pbft/search/explorer.h): all
# schedules of four validators, one of them faulty, with no, one, two and more deviations from the ordinary one, until
# the budget ends. Prints the bounds reached and the number of states; a violation comes with its schedule, and the
# exit status is 1.
# Usage: contrib/pbft_search.sh [--no-install] [--minutes N]
#   --no-install   do not install packages
#   --minutes N    how long to search, without the build (default: 10)
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes minutes=10
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --minutes)
            [ $# -ge 2 ] || fail "$1 needs a value"
            [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 needs a whole number above 0, not $2"
            minutes=$2
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install and --minutes" ;;
    esac
    shift
done

prepare "$install" unit_consensus

step "searching for $minutes minutes"
PARLEY_SEARCH_SECONDS=$((minutes * 60)) build/release/bin/unit_consensus \
    --gtest_filter='Search.all_schedules_agree_and_decide' || fail "a property does not hold: see the schedule above"
