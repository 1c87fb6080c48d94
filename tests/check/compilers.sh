# compilers.sh: one program built by gcc and clang at two levels each. Read in by determinism.sh and chain_replay.sh, which set root and build.
# Only the rooms that a run needs are compiled, with yyjson; other outside libraries are the build's.
deps=$root/.deps
gcc=$(command -v gcc || true)
clang=$(command -v clang-14 || command -v clang || true)
for tool in gcc clang; do
    eval "path=\$$tool"
    [ -n "$path" ] || { echo "$tool is missing (apt install gcc clang); RIV_SKIP_INTEROP=1 skips this test" >&2; [ "${RIV_SKIP_INTEROP:-}" = 1 ] && exit 77; exit 1; }
done

# What the rooms are made of, as paths in src/.
sources_of() { # sources_of ROOM...
    for room; do (cd "$root/src" && ls "$room"/*.c | grep -Ev '_(test|fuzz|bench)\.c$'); done
}

# FOLDER/program, of $sources (paths in src/). One object a source, two at a time; make keeps them, so a second run compiles what has changed.
compile() { # compile COMPILER LEVEL FOLDER [LIBRARY...]
    cc=$1 level_flag=$2 into=$3
    shift 3
    mkdir -p "$into"
    {
        echo "all:"
        for source in $sources ../.deps/yyjson/yyjson.c; do
            object=$into/o$(echo "$source" | tr ./ __).o
            printf 'all: %s\n%s: %s\n\t@%s -std=c17 %s -w -MMD -DRIV_VERSION=\\"0\\" -I%s -isystem %s -isystem %s -isystem %s -c $< -o $@\n-include %s\n' "$object" "$object" \
                "$root/src/$source" "$cc" "$level_flag" "$root/src" "$deps/yyjson" "$deps/blake3" "$deps/aws-lc/include" "${object%.o}.d"
        done
    } >"$into/Makefile"
    make --no-print-directory -s -j2 -f "$into/Makefile" all
    "$cc" "$into"/*.o -o "$into/program" "$build/libblake3.a" "$deps/aws-lc/libaws_lc.a" "$@" -lsodium -lsecp256k1 -lm -lpthread
}

# Calls TO-DO COMPILER LEVEL FOLDER for each of the four builds; gcc -O0 comes first.
each_build() { # each_build TO-DO [LIBRARY...]
    to_do=$1
    shift
    for compiler in gcc clang; do
        for level in -O0 -O3; do
            eval "path=\$$compiler"
            compile "$path" $level "$work/$compiler$level" "$@"
            $to_do $compiler $level "$work/$compiler$level"
        done
    done
}
