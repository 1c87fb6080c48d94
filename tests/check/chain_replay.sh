#!/bin/sh
# The chain gives the same bytes whatever compiled it: lives (chain_life.c) by both rule sets, with and without fees, are exported, and gcc and clang,
# -O0 and -O3, replay each export to the same app hashes and block records. Usage: chain_replay.sh BUILD-FOLDER.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
work=$build/chain_replay
. "$root/tests/check/compilers.sh"
sources="$(sources_of base crypto codec proof chain rpc) ../tests/check/chain_life.c"

lives="2 9"
first=
follow() { # follow COMPILER LEVEL FOLDER
    for seed in $lives; do
        [ -n "$first" ] || "$3/program" make $seed 1000 "$3/$seed.export" >"$3/$seed.said"
        "$3/program" replay "${first:-$3}/$seed.export" >"$3/$seed.replayed" || { echo "$1 $2 does not follow gcc -O0, seed $seed" >&2; exit 1; }
        cmp "${first:-$3}/$seed.replayed" "$3/$seed.replayed"
    done
    first=${first:-$3}
}
each_build follow -lrandomx
for seed in $lives; do cat "$first/$seed.said" "$first/$seed.replayed"; done
echo "the same from gcc and clang, -O0 and -O3"
