#!/bin/sh
# stock.sh RIVULET SOURCE BUILD: examples/modules/component from its source to answers. Exit code 77: no Rust for it here.
set -eu
rivulet=$1 example=$2/examples/modules/component work=$3
mkdir -p "$work"
cp -rp "$example/." "$work/"
cd "$work"

skip() { echo "skipped: $1"; exit 77; }
command -v cargo >/dev/null || skip "cargo is not installed"
libraries=$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2/lib
test -d "$libraries" || skip "Rust's library for wasm32-wasip2 is not installed (rustup target add wasm32-wasip2)"
cargo fetch --locked >fetch.log 2>&1 || skip "the crates cannot be had: $(tail -1 fetch.log)"
"$rivulet" module build . -o stock.wasm

failed=0
expect() { # WANTED COMMAND...
    wanted=$1
    shift
    got=$("$@" 2>err.log) || { cat err.log; failed=1; }
    test "$got" = "$wanted" && return
    echo "$*"
    echo "  wanted $wanted"
    echo "  got    $got"
    failed=1
}
export XDG_CACHE_HOME=$work/cache
expect '[{"err":[],"ok":[{"count":10,"name":"tea","price":[]}]},{"err":[],"ok":[{"count":7,"name":"tea","price":[]}]}]' \
    "$rivulet" run stock.aqua -f 'sell("tea", 10, 3)'
expect '[{"err":[],"ok":[{"count":1,"name":"tea","price":[]}]},{"err":["only 1 of tea are left"],"ok":[]}]' \
    "$rivulet" run stock.aqua -f 'sell("tea", 1, 3)'
expect '[{"count":0,"name":"cup","price":[3.5]},{"count":0,"name":"tea","price":[3.5]}]' \
    "$rivulet" run stock.aqua -f 'inventory(["tea", "cup"], 3.5)'
expect 'aqua Stock declares *

data Change:
  add: []u32
  remove: []u32
  price_at: []f64

data Item:
  name: string
  count: u32
  price: []f64

data Result:
  ok: []Item
  err: []string

service Stock:
  apply(name: string, what: Change) -> Result
  list_all() -> []Item' "$rivulet" module aqua stock.wasm
exit $failed
