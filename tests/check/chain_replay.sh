#!/bin/sh
# The chain gives the same bytes whatever compiled it: lives (chain_life.c) by both rule sets, with and without fees, are exported, and gcc and clang,
# -O0 and -O3, replay each export to the same app hashes and block records. Usage: chain_replay.sh BUILD-FOLDER.
# Only the rooms that a chain needs are compiled, with yyjson; other outside libraries are the build's.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
work=$build/chain_replay
deps=$root/.deps
gcc=$(command -v gcc || true)
clang=$(command -v clang-14 || command -v clang || true)
for tool in gcc clang; do
    eval "path=\$$tool"
    [ -n "$path" ] || { echo "$tool is missing (apt install gcc clang); RIV_SKIP_INTEROP=1 skips this test" >&2; [ "${RIV_SKIP_INTEROP:-}" = 1 ] && exit 77; exit 1; }
done
mkdir -p "$work"
sources=$(cd "$root/src" && ls base/*.c crypto/*.c codec/*.c proof/*.c chain/*.c rpc/*.c | grep -Ev '_(test|fuzz|bench)\.c$')

# One object a source, two at a time; make keeps them, so a second run compiles what has changed.
compile() { # compile COMPILER LEVEL FOLDER
    mkdir -p "$3"
    {
        echo "all:"
        for source in $sources ../tests/check/chain_life.c ../.deps/yyjson/yyjson.c; do
            object=$3/o$(echo "$source" | tr ./ __).o
            printf 'all: %s\n%s: %s\n\t@%s -std=c17 %s -w -MMD -DRIV_VERSION=\\"0\\" -I%s -isystem %s -isystem %s -isystem %s -c $< -o $@\n-include %s\n' "$object" "$object" \
                "$root/src/$source" "$1" "$2" "$root/src" "$deps/yyjson" "$deps/blake3" "$deps/aws-lc/include" "${object%.o}.d"
        done
    } >"$3/Makefile"
    make --no-print-directory -s -j2 -f "$3/Makefile" all
    "$1" "$3"/*.o -o "$3/life" "$build/libblake3.a" "$deps/aws-lc/libaws_lc.a" -lrandomx -lsodium -lsecp256k1 -lm -lpthread
}

lives="2 9"
first=
for compiler in gcc clang; do
    for level in -O0 -O3; do
        eval "path=\$$compiler"
        folder=$work/$compiler$level
        compile "$path" $level "$folder"
        for seed in $lives; do
            [ -n "$first" ] || "$folder/life" make $seed 1000 "$folder/$seed.export" >"$folder/$seed.said"
            "$folder/life" replay "${first:-$folder}/$seed.export" >"$folder/$seed.replayed" || { echo "$compiler $level does not follow gcc -O0, seed $seed" >&2; exit 1; }
            cmp "${first:-$folder}/$seed.replayed" "$folder/$seed.replayed"
        done
        first=${first:-$folder}
    done
done
for seed in $lives; do cat "$first/$seed.said" "$first/$seed.replayed"; done
echo "the same from gcc and clang, -O0 and -O3"
