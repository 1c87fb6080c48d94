#!/bin/sh
# The interpreter gives the same bytes whatever compiled it: gcc and clang, -O0 and -O3, each over all scenarios and corpora (avm_driver.c).
# Usage: determinism.sh BUILD-FOLDER.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
work=$build/determinism
. "$root/tests/check/compilers.sh"
mkdir -p "$work"
sources="$(sources_of base crypto codec air avm) ../tests/check/avm_driver.c"
for name in scenario names rules params tamper; do sources="$sources sim/$name.c"; done
{
    for f in "$root"/tests/conform/avm/scenarios/*.json; do echo "scenario $f"; done
    for f in "$root"/tests/corpus/avm_script_fuzz/* "$root"/tests/corpus/air_parse_fuzz/*; do echo "script $f"; done
    for f in "$root"/tests/corpus/avm_data_fuzz/* "$root"/tests/conform/avm-data/*.data; do echo "data $f"; done
} >"$work/files"

first=
bad=0
compare() { # compare COMPILER LEVEL FOLDER
    "$3/program" <"$work/files" >"$3/hashes"
    [ "$(wc -l <"$3/hashes")" = "$(wc -l <"$work/files")" ] || { echo "$1 $2: not all files were run" >&2; exit 1; }
    first=${first:-$3/hashes}
    if ! cmp -s "$first" "$3/hashes"; then
        bad=1
        echo "$1 $2 gives other bytes than gcc -O0:" >&2
        diff "$first" "$3/hashes" | head -10 >&2
    fi
}
each_build compare
[ $bad = 0 ] && echo "$(wc -l <"$first") files, $(awk '{ n += $2 } END { print n }' "$first") bytes of output: the same from gcc and clang, -O0 and -O3"
exit $bad
