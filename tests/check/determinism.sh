#!/bin/sh
# The interpreter gives the same bytes whatever compiled it: gcc and clang, -O0 and -O3, each over all scenarios and corpora (avm_driver.c).
# Usage: determinism.sh BUILD-FOLDER. Only the rooms that a run needs are compiled, with yyjson; other outside libraries are the build's.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
work=$build/determinism
deps=$root/.deps
gcc=$(command -v gcc || true)
clang=$(command -v clang-14 || command -v clang || true)
for tool in gcc clang; do
    eval "path=\$$tool"
    [ -n "$path" ] || { echo "$tool is missing (apt install gcc clang); RIV_SKIP_INTEROP=1 skips this test" >&2; [ "${RIV_SKIP_INTEROP:-}" = 1 ] && exit 77; exit 1; }
done
mkdir -p "$work"
sources=$(cd "$root/src" && ls base/*.c crypto/*.c codec/*.c air/*.c avm/*.c | grep -Ev '_(test|fuzz|bench)\.c$')
for name in scenario names rules params tamper; do sources="$sources sim/$name.c"; done
{
    for f in "$root"/tests/conform/avm/scenarios/*.json; do echo "scenario $f"; done
    for f in "$root"/tests/corpus/avm_script_fuzz/* "$root"/tests/corpus/air_parse_fuzz/*; do echo "script $f"; done
    for f in "$root"/tests/corpus/avm_data_fuzz/* "$root"/tests/conform/avm-data/*.data; do echo "data $f"; done
} >"$work/files"

# One object a source, two at a time; make keeps them, so a second run compiles what has changed.
compile() { # compile COMPILER LEVEL FOLDER
    mkdir -p "$3"
    {
        echo "all:"
        for source in $sources ../tests/check/avm_driver.c ../.deps/yyjson/yyjson.c; do
            object=$3/o$(echo "$source" | tr ./ __).o
            printf 'all: %s\n%s: %s\n\t@%s -std=c17 %s -w -MMD -DRIV_VERSION=\\"0\\" -I%s -isystem %s -isystem %s -isystem %s -c $< -o $@\n-include %s\n' "$object" "$object" \
                "$root/src/$source" "$1" "$2" "$root/src" "$deps/yyjson" "$deps/blake3" "$deps/aws-lc/include" "${object%.o}.d"
        done
    } >"$3/Makefile"
    make --no-print-directory -s -j2 -f "$3/Makefile" all
    "$1" "$3"/*.o -o "$3/driver" "$build/libblake3.a" "$deps/aws-lc/libaws_lc.a" -lsodium -lsecp256k1 -lm -lpthread
}

first=
bad=0
for compiler in gcc clang; do
    for level in -O0 -O3; do
        eval "path=\$$compiler"
        folder=$work/$compiler$level
        compile "$path" $level "$folder"
        "$folder/driver" <"$work/files" >"$folder/hashes"
        [ "$(wc -l <"$folder/hashes")" = "$(wc -l <"$work/files")" ] || { echo "$compiler $level: not all files were run" >&2; exit 1; }
        first=${first:-$folder/hashes}
        if ! cmp -s "$first" "$folder/hashes"; then
            bad=1
            echo "$compiler $level gives other bytes than gcc -O0:" >&2
            diff "$first" "$folder/hashes" | head -10 >&2
        fi
    done
done
[ $bad = 0 ] && echo "$(wc -l <"$first") files, $(awk '{ n += $2 } END { print n }' "$first") bytes of output: the same from gcc and clang, -O0 and -O3"
exit $bad
