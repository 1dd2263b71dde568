#!/usr/bin/env bash
# Checks that every tracked C++ file is formatted according to .clang-format; with --fix, formats them.
# clang-format 14 is the reference: other versions break lines differently.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
    "" | --check | --fix) ;;
    *)
        echo "Usage: contrib/format.sh [--check | --fix]" >&2
        exit 2
        ;;
esac

formatter=""
for candidate in clang-format-14 clang-format; do
    if command -v "$candidate" > /dev/null && "$candidate" --version | grep -q ' version 14\.'; then
        formatter=$candidate
        break
    fi
done
if [ -z "$formatter" ]; then
    echo "format: clang-format 14 is missing: run contrib/install_dependencies.sh --lint" >&2
    exit 1
fi

mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cpp')
existing=()
for file in "${files[@]}"; do
    if [ -f "$file" ]; then existing+=("$file"); fi
done
if [ "${1:-}" = --fix ]; then
    printf '%s\0' "${existing[@]}" | xargs -0 -P 2 -n 20 "$formatter" -i
    echo "format: ${#existing[@]} files formatted"
else
    if ! printf '%s\0' "${existing[@]}" | xargs -0 -P 2 -n 20 "$formatter" --dry-run --Werror; then
        echo "format: run contrib/format.sh --fix and look at the change" >&2
        exit 1
    fi
    echo "format: ${#existing[@]} files are as .clang-format says"
fi
