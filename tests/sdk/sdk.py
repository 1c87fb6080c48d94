#!/usr/bin/env python3
"""Modules from C, C++ and Rust as their authors make them. sdk.py RIVULET SOURCE_DIR BINARY_DIR GROUP; python3's standard library only.

Each test is a function whose name begins with its group. Exit code 77: the group was left out, the reason is the last line.
What takes minutes (crates, SQLite) is kept below BINARY_DIR between runs.
"""
import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

RIVULET, SOURCE, BINARY, GROUP = [os.path.abspath(p) for p in sys.argv[1:4]] + [sys.argv[4]]
TMP = tempfile.mkdtemp(prefix="riv-sdk-")
ENV = dict(os.environ, TMPDIR=TMP, NO_COLOR="1", XDG_CACHE_HOME=os.path.join(TMP, "cache"), CARGO_TARGET_DIR=os.path.join(BINARY, "sdk-rust"))
ENV.pop("RIVULET_LOG", None)


class Skip(Exception):
    pass


class Result:
    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def __str__(self):
        return "rivulet %s\n=> %s\n--- stdout\n%s\n--- stderr\n%s" % (" ".join(self.args), self.code, self.out[:3000], self.err[-6000:])


def rivulet(*args, cwd=TMP, env=ENV, timeout=550):
    done = subprocess.run([RIVULET, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=timeout, env=env)
    return Result(args, done.returncode, done.stdout.decode(), done.stderr.decode())


def check(result, code, out=None, err=None):
    assert result.code == code, "exit code %s wanted\n%s" % (code, result)
    for wanted, got in ((out, result.out), (err, result.err)):
        for text in [wanted] if isinstance(wanted, str) else wanted or []:
            assert re.search(text, got), "%r is missing\n%s" % (text, result)
    return result


def at(*names):
    return os.path.join(TMP, *names)


def write(name, text):
    path = at(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def info(wasm):
    return json.loads(check(rivulet("module", "info", wasm, "--json"), 0).out)


def names(wasm):
    return [f["name"] for f in info(wasm)["interface"]["function_signatures"]]


def program(name, text):
    path = write(name, "#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def customs(wasm):
    """Custom sections as [(name, bytes)]."""
    def uleb(p):
        value = shift = 0
        while True:
            value |= (wasm[p] & 127) << shift
            shift += 7
            p += 1
            if wasm[p - 1] < 128:
                return value, p
    found, p = [], 8
    while p < len(wasm):
        kind = wasm[p]
        size, body = uleb(p + 1)
        if kind == 0:
            length, start = uleb(body)
            found.append((wasm[start:start + length].decode(), wasm[start + length:body + size]))
        p = body + size
    return found


# ---- build ----

PLAIN = '#include "marine.h"\nMARINE_EXPORT(u32, seven, ()) { return %s; }\n'


def build_cpp():
    source = write("a b/words.cc", '#include "marine.h"\n#include <map>\nstatic std::map<std::string, u32> seen;\nMARINE_EXPORT(u32, see, (string w)) { return ++seen[w.str()]; }\n')
    check(rivulet("module", "build", source, "-o", at("words.wasm")), 0, err="functions: 1")
    assert names(at("words.wasm")) == ["see"]
    before = time.time()
    check(rivulet("module", "build", source, "-o", at("words2.wasm")), 0)
    assert read(at("words.wasm")) == read(at("words2.wasm")) and time.time() - before < 5


def build_folder():
    write("mix/service.cpp", '#include "marine.h"\n#include <string>\n#include "part.hpp"\nMARINE_EXPORT(string, f, ()) { return marine_text(std::to_string(part() + FACTOR)); }\n')
    write("mix/part.c", "#define MARINE_PART\n#include \"marine.h\"\n#include <math.h>\nint part(void) { return (int)lround(cbrt(27)); }\n")
    write("mix/part.hpp", 'extern "C" int part(void);\n')
    write("mix/deep/broken.c", "this is not read\n")
    write("mix/compile_flags.txt", "# a comment\n-DFACTOR=40\n-Ideep\n-lm\n")
    write("use.aqua", 'aqua Use declares *\n\nexport f\n\nservice Mix("mix"):\n    f() -> string\n\nfunc f() -> string:\n    on HOST_PEER_ID:\n        r <- Mix.f()\n    <- r\n')
    assert json.loads(check(rivulet("run", "use.aqua", "--service", "mix=" + at("mix")), 0).out) == "43"
    write("mix/compile_flags.txt", "-DFACTOR=41\n")
    assert json.loads(check(rivulet("run", "use.aqua", "--service", "mix=" + at("mix")), 0).out) == "44"
    write("mix/part.c", '#include "marine.h"\nint part(void) { return 3; }\n')
    check(rivulet("module", "build", at("mix"), "-o", at("mix.wasm")), 1, err=["duplicate symbol", "#define MARINE_PART"])


def build_flags_that_are_refused():
    source = write("flags/f.c", PLAIN % 7)
    for flag in ("-fplugin=x.so", "-Wl,-o,/tmp/x", "-mllvm", "-fuse-ld=/tmp/x", "-o", "x.c", "-Xclang", "@file", "--config"):
        write("flags/compile_flags.txt", "-DA\n" + flag + "\n")
        check(rivulet("module", "build", source, "-o", at("f.wasm")), 2, err=r"compile_flags.txt:2: flag '%s' is not taken" % re.escape(flag))


def build_sees_what_changed():
    """A source that reads a file from elsewhere is kept too, until that file changes."""
    write("shared/number.h", "#define NUMBER 7\n")
    source = write("seen/f.c", '#include "../shared/number.h"\n' + PLAIN % "NUMBER")
    check(rivulet("module", "build", source, "-o", at("n1.wasm")), 0, err="building")
    assert "building" not in check(rivulet("module", "build", source, "-o", at("n2.wasm")), 0).err
    write("shared/number.h", "#define NUMBER 8\n")
    check(rivulet("module", "build", source, "-o", at("n3.wasm")), 0, err="building")
    assert read(at("n1.wasm")) == read(at("n2.wasm")) != read(at("n3.wasm"))
    check(rivulet("module", "build", source, "-o", at("n4.wasm"), "--fresh"), 0, err="building")
    assert read(at("n3.wasm")) == read(at("n4.wasm"))


def build_words_that_are_wrong():
    for text, hint in (("MARINE_EXPORT(int, f, ()) { return 1; }", "'int' is not a type of services; did you mean 'i32'"),
                       ("MARINE_EXPORT(u32, f, (uint8_t a)) { return a; }", "did you mean 'u8'"),
                       ("MARINE_EXPORT(u32, f, (double a)) { return 1; }", "did you mean 'f64'"),
                       ("MARINE_EXPORT(u32, f, (string s, const char *a)) { return 1; }", "'const' is not .* did you mean 'string'"),
                       ("MARINE_EXPORT(u32, f, (array(int) a)) { return 1; }", "'int' is not .* did you mean 'i32'"),
                       ("MARINE_EXPORT(u32, f, (array(Row) a)) { return 1; }", "'Row' is not .*MARINE_RECORD above"),
                       ("MARINE_RECORD(R, (size_t a))", "did you mean 'u32'"),
                       ("MARINE_EXPORT(number, f, ()) { return 1; }", r"'number' is not a type of services: bool u8\.\.u64")):
        source = write("wrong.c", '#include "marine.h"\n' + text + "\n")
        check(rivulet("module", "build", source, "-o", at("w.wasm")), 1, err=["wrong.c:2", "could not be built", hint])
    source = write("throws.cpp", '#include "marine.h"\nMARINE_EXPORT(u32, f, ()) { throw 1; }\n')
    check(rivulet("module", "build", source, "-o", at("w.wasm")), 1, err="no C\\+\\+ exceptions")


def build_what_is_missing():
    """Tools that say what the real ones say where a part is not installed."""
    cpp, c = write("m.cpp", '#include "marine.h"\n'), write("m.c", '#include "marine.h"\n')
    for sign, part in (("wasm-ld: error: unable to find library -lc++", "libc++-14-dev-wasm32"), ("fatal error: 'vector' file not found", "libc++-14-dev-wasm32"),
                       ("fatal error: 'stdlib.h' file not found", "wasi-libc"), ("error: unable to execute command: wasm-ld", "lld")):
        for name in ("clang-14", "clang++-14"):
            program("bin/" + name, "echo \"%s\" >&2; echo 'error: no' >&2; exit 1\n" % sign)
        env = dict(ENV, PATH=at("bin") + ":/usr/bin:/bin")
        check(rivulet("module", "build", cpp, "-o", at("m.wasm"), env=env), 4, err=["is missing: "] + ([re.escape(part)] if os.path.exists("/etc/debian_version") else []))
    env = dict(ENV, PATH="/nowhere")
    check(rivulet("module", "build", c, "-o", at("m.wasm"), env=env), 4, err=["clang.*is not installed", "clang.*wasi-libc|wasi-libc"])
    write("crate/Cargo.toml", "[package]\nname = \"x\"\n")
    check(rivulet("module", "build", at("crate"), "-o", at("m.wasm"), env=env), 4, err=["cargo.*is not installed", "rustup"])
    program("bin/cargo", "exit 1\n")
    program("bin/rustc", 'case $2 in sysroot) echo %s ;; *) echo wasm32-wasi ;; esac\n' % at("sysroot"))
    env = dict(ENV, PATH=at("bin") + ":/usr/bin:/bin")
    check(rivulet("module", "build", at("crate"), "-o", at("m.wasm"), env=env), 4, err=["library for wasm32-wasi,", "rustup target add wasm32-wasi"])
    program("bin/rustc", "exit 1\n")  # a toolchain that is not there: rustup says so through cargo
    program("bin/cargo", "echo \"error: toolchain 'nix' is not installed\" >&2; exit 1\n")
    result = check(rivulet("module", "build", at("crate"), "-o", at("m.wasm"), env=env), 1, err=["toolchain 'nix' is not installed", "could not be built"])
    assert "library for" not in result.err, result


def build_what_is_no_source():
    write("empty/readme.txt", "")
    check(rivulet("module", "build", at("empty"), "-o", at("e.wasm")), 2, err="holds 0 sources")
    check(rivulet("module", "build", write("main.rs", ""), "-o", at("e.wasm")), 2, err="Cargo.toml")
    check(rivulet("module", "build", write("main.go", ""), "-o", at("e.wasm")), 2, err=["is no source", "a .c or .cpp file"])
    check(rivulet("module", "build", write("no.wasm", "nothing"), "-o", at("e.wasm")), 1, err="not a wasm file")


def build_again_from_wasm():
    source = write("again.c", PLAIN % 7)
    check(rivulet("module", "build", source, "-o", at("again.wasm")), 0)
    whole = read(at("again.wasm"))
    check(rivulet("module", "build", at("again.wasm"), "-o", at("out") + "/"), 0)
    assert read(at("out/again.wasm")) == whole


# ---- new ----


def a_new(lang):
    name = "my-" + lang.replace("+", "p")
    check(rivulet("module", "new", name, "--lang", lang), 0, err="made " + name)
    check(rivulet("aqua", "fmt", "--check", "%s/%s.aqua" % (name, name)), 0)
    check(rivulet("test", name), 0, out="1 of 1 runs passed")
    answer = json.loads(check(rivulet("run", "%s/%s.aqua" % (name, name), "-f", 'greet("Ada")'), 0).out)
    assert answer == {"length": 7, "text": "Hi, Ada"}, answer
    source = {"c": name + "/my_c.c", "c++": name + "/my_cpp.cpp", "rust": name}[lang]
    check(rivulet("module", "build", source, "-o", at(name + ".wasm")), 0)
    declared = check(rivulet("module", "aqua", at(name + ".wasm"), "-i", name), 0).out
    assert 'service %s("%s"):\n  greet(name: string) -> Greeting\n' % (name.replace("-", " ").title().replace(" ", ""), name) in declared, declared
    assert "data Greeting:\n  text: string\n  length: u32\n" in declared, declared
    check(rivulet("module", "new", name, "--lang", lang), 2, err="is there already")


def new_c():
    a_new("c")


def new_cpp():
    a_new("c++")


def new_names():
    for name in ("Big", "1st", "a b", "", ".hidden", "x" * 65):
        check(rivulet("module", "new", name), 2, err="is no name")
    check(rivulet("module", "new", "fine", "--lang", "go"), 2, err="c, c\\+\\+ or rust")
    check(rivulet("module", "new", "deep/er/fine"), 0)
    assert sorted(os.listdir(at("deep/er/fine"))) == ["README.md", "fine.aqua", "fine.c", "fine.scenario.json", "rivulet.toml"]


# ---- aqua, info, pack ----


def pack_one_file():
    here = os.path.join(SOURCE, "examples/modules/c")
    sources = [os.path.join(here, "store.c"), os.path.join(here, "guestbook.c")]
    check(rivulet("module", "pack", *sources, "-o", "guestbook.tar"), 0, err="content id baf")
    first = read(at("guestbook.tar"))
    time.sleep(1.1)
    check(rivulet("module", "pack", *sources, "-o", "again.tar"), 0)
    assert read(at("again.tar")) == first
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert tar.getnames() == ["Config.toml", "pack.json", "guestbook.aqua", "modules/store.wasm", "modules/guestbook.wasm"], tar.getnames()
        assert all(m.mtime == 0 and m.uid == 0 and m.mode == 0o644 for m in tar.getmembers())
        tar.extractall(at("unpacked"))
    assert subprocess.run(["tar", "tf", at("guestbook.tar")], stdout=subprocess.PIPE, check=True).stdout.count(b"\n") == 5
    doc = json.loads(read(at("unpacked/pack.json")))
    assert doc["service"] == doc["facade"] == "guestbook" and [m["name"] for m in doc["modules"]] == ["store", "guestbook"], doc
    for m in doc["modules"]:
        assert info(at("unpacked", m["file"]))["cid"] == m["cid"] and os.path.getsize(at("unpacked", m["file"])) == m["bytes"]
    write("packed.toml", '[[service]]\nid = "guestbook"\nconfig = "unpacked/Config.toml"\n')
    answer = check(rivulet("run", os.path.join(here, "guestbook.aqua"), "-f", 'sign("x")', "--config", "packed.toml"), 0).out
    assert json.loads(answer) == [[1, 2], "x", True], answer
    check(rivulet("module", "pack", *sources, "-o", "folder", "--name", "book"), 0)
    assert sorted(os.listdir(at("folder"))) == ["Config.toml", "book.aqua", "modules", "pack.json"]


def pack_that_cannot_be_linked():
    here = os.path.join(SOURCE, "examples/modules/c")
    store, book = os.path.join(here, "store.c"), os.path.join(here, "guestbook.c")
    check(rivulet("module", "pack", book, store, "-o", "x.tar"), 2, err="guestbook imports from store: name that one first")
    check(rivulet("module", "pack", book, "-o", "x.tar"), 2, err="which is not among those named")
    check(rivulet("module", "pack", store, store, "-o", "x.tar"), 2, err="two modules are called store")
    other = write("p/store.c", PLAIN % 7)
    check(rivulet("module", "pack", other, book, "-o", "x.tar"), 2, err="guestbook imports (add|list), which store does not have")
    plain = write("p/plain.c", '__attribute__((export_name("f"))) int f(void) { return 7; }\n')
    check(rivulet("module", "pack", plain, "-o", "x.tar"), 2, err="has no interface section")
    assert not os.path.exists(at("x.tar"))
    check(rivulet("module", "pack", store), 2, err="needs --output")


def pack_aqua_is_aqua():
    """Declarations of every kind of type are taken by the compiler, and name the service as asked."""
    wasm = at("types.wasm")
    check(rivulet("module", "build", os.path.join(SOURCE, "tests/modules/types.c"), "-o", wasm), 0)
    text = check(rivulet("module", "aqua", wasm, "-s", "all_types", "-i", "t-1"), 0).out
    assert text.startswith("aqua AllTypes declares *\n\ndata Inner:\n") and '\nservice AllTypes("t-1"):\n' in text and "\n  nothing()  \n" in text, text
    check(rivulet("aqua", "compile", write("types.aqua", text), "--dry"), 0)
    assert "service Types:\n" in check(rivulet("module", "aqua", wasm), 0).out
    check(rivulet("module", "aqua", write("no.wasm", "x")), 2, err="no WebAssembly module")


def pack_info_tells_all():
    wasm = at("fetch.wasm")
    check(rivulet("module", "build", os.path.join(SOURCE, "tests/modules/fetch.c"), "-o", wasm), 0)
    doc = info(wasm)
    assert doc["manifest"]["version"] == "1.2.3" and doc["mounted_binaries"] == ["curl"] and doc["memory"]["pages_min"] >= 1 and doc["memory"]["pages_max"] is None, doc
    check(rivulet("module", "info", wasm), 0, out=["authors +Ada <ada@example.org>", "mounted binaries +curl", "memory +128 KiB at first", "content id +bafk"])


# ---- examples ----


def example(folder, file, call):
    return json.loads(check(rivulet("run", os.path.join(SOURCE, "examples/modules", folder, file), "-f", call), 0).out)


def examples_c():
    assert example("c", "guestbook.aqua", 'sign("Hello")') == [[1, 2], "Hello", True]


def examples_cpp():
    hits, lengths = example("cpp", "search.aqua", 'find("network")')
    assert [(h["id"], h["count"]) for h in hits] == [("peer", 2), ("aqua", 1)] and lengths == [6, 9, 7], hits
    assert example("cpp", "search.aqua", 'find("ocean")')[0] == []


# ---- rust ----


def need_rust():
    if not shutil.which("cargo") or not shutil.which("rustc"):
        raise Skip("no cargo and rustc here; with rustup: rustup target add wasm32-wasip1")
    root = subprocess.run(["rustc", "--print", "sysroot"], stdout=subprocess.PIPE).stdout.decode().strip()
    if not any(os.path.isdir(os.path.join(root, "lib/rustlib", t, "lib")) for t in ("wasm32-wasip1", "wasm32-wasi")):
        raise Skip("Rust has no library for WebAssembly here; with rustup: rustup target add wasm32-wasip1")


def rust_new():
    need_rust()
    a_new("rust")


def rust_example():
    need_rust()
    shutil.copytree(os.path.join(SOURCE, "examples/modules/rust"), at("table"), ignore=shutil.ignore_patterns("target"))
    lock = read(at("table/Cargo.lock"))
    answer = json.loads(check(rivulet("run", "table/table.aqua", "-f", r'total("name,price\ntea,30\n\"a cup, blue\",5.5\n", "price")'), 0).out)
    assert answer == [35.5, {"error": "", "header": ["name", "price"], "rows": [["tea", "30"], ["a cup, blue", "5.5"]]}], answer
    answer = json.loads(check(rivulet("run", "table/table.aqua", "-f", r'total("a,b\n1\n", "a")'), 0).out)
    assert answer[0] == 0 and "line: 2" in answer[1]["error"] and answer[1]["rows"] == [], answer
    assert read(at("table/Cargo.lock")) == lock, "Cargo.lock is the author's"
    check(rivulet("module", "build", "table", "-o", "table.wasm"), 0)
    doc = info(at("table.wasm"))
    assert doc["sdk_version"] == "0.14.0" and doc["it_version"] == "0.28.0" and names(at("table.wasm")) == ["parse", "sum"], doc


def rust_workspace():
    need_rust()
    shutil.copytree(os.path.join(SOURCE, "examples/modules/rust"), at("ws"), ignore=shutil.ignore_patterns("target"))
    write("ws/src/bin/second.rs", "use marine_rs_sdk::marine;\npub fn main() {}\n#[marine]\npub fn twice(n: u32) -> u32 { 2 * n }\n")
    check(rivulet("module", "build", "ws", "-o", "both"), 0, err=["both/table.wasm", "both/second.wasm"])
    assert names(at("both/second.wasm")) == ["twice"] and names(at("both/table.wasm")) == ["parse", "sum"]
    write("both.aqua", 'aqua B declares *\n\nexport f\n\nservice S("s"):\n    twice(n: u32) -> u32\n\nfunc f() -> u32:\n    on HOST_PEER_ID:\n        r <- S.twice(4)\n    <- r\n')
    check(rivulet("run", "both.aqua", "--service", "s=" + at("ws")), 2, err=["built to 2 modules", "-o FOLDER"])
    assert json.loads(check(rivulet("run", "both.aqua", "--service", "s=" + at("both/second.wasm")), 0).out) == 8
    write("ws/src/bin/second.rs", "pub fn main() { let x: u32 = \"no\"; }\n")
    check(rivulet("module", "build", "ws", "-o", "both"), 1, err=["mismatched types", "ws could not be built"])


# ---- sqlite ----


def sqlite_service():
    if not shutil.which("cargo"):
        raise Skip("no cargo here, which fetches SQLite's sources")
    here = at("sqlite")
    shutil.copytree(os.path.join(SOURCE, "examples/modules/sqlite"), here, ignore=shutil.ignore_patterns("vendor"))
    vendor = os.path.join(BINARY, "sdk-sqlite")
    fetched = subprocess.run([os.path.join(SOURCE, "examples/modules/sqlite/fetch"), vendor], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert fetched.returncode == 0, fetched.stdout.decode()
    shutil.copytree(vendor, os.path.join(here, "vendor"))
    flags = os.path.join(here, "compile_flags.txt")
    write("sqlite/compile_flags.txt", read(flags).decode().replace("-Os", "-O0"))  # the compiler takes a fifth of the time
    env = dict(ENV, XDG_CACHE_HOME=os.path.join(BINARY, "sdk-cache"))
    rows = json.loads(check(rivulet("run", "sqlite/shop.aqua", "-f", 'cheapest("e")', env=env), 0).out)
    assert rows == [[["tea", "30"], ["kettle", "80"]], ["", ""]], rows
    rows = json.loads(check(rivulet("run", "sqlite/shop.aqua", "-f", "cheapest(\"' or 1=1 --\")", env=env), 0).out)
    assert rows == [[], ["", ""]], rows
    check(rivulet("module", "build", "sqlite", "-o", "sqlite.wasm", env=env), 0)
    assert names(at("sqlite.wasm")) == ["exec", "open", "query", "version"]


# ---- published ----


def published_interfaces_are_made_alike():
    """What our embedding makes of the descriptions in published modules is what the original made of them, but for the version in front."""
    files = [f for f in sorted(glob.glob(os.path.join(SOURCE, ".deps/oracles/marine/*/*.wasm"))) if not f.endswith("sqlite3.wasm")]
    if not files:
        raise Skip("published modules are not there (tools/setup-oracles brings them)")
    for file in files:
        theirs = dict(customs(read(file)))["interface-types"]
        if theirs[2:2 + theirs[1]] < b"0.26":  # before byte arrays had a type of their own
            continue
        check(rivulet("module", "build", file, "-o", "ours.wasm"), 0)
        ours = dict(customs(read(at("ours.wasm"))))["interface-types"]
        versions = [section[2:2 + section[1]].decode() for section in (theirs, ours)]
        assert versions[1] == "0.28.0" and theirs[2 + theirs[1]:] == ours[2 + ours[1]:], (file, versions)
        was, now = info(file), info(at("ours.wasm"))
        assert was["interface"] == now["interface"] and was["sdk_version"] == now["sdk_version"] and was["exports"] == now["exports"]
    assert len(files) >= 12, files


def published_declarations_compile():
    files = sorted(glob.glob(os.path.join(SOURCE, ".deps/oracles/marine/*/*.wasm")))
    if not files:
        raise Skip("published modules are not there (tools/setup-oracles brings them)")
    for file in files:
        text = check(rivulet("module", "aqua", file, "-i", "x"), 0).out
        if file.endswith("sqlite3.wasm"):  # an argument is called N, which the original prints as well
            text = text.replace(", N: u32", ", n: u32")
        check(rivulet("aqua", "compile", write("published.aqua", text), "--dry"), 0)


def published_manifests():
    wanted = {"fluence-spell-distro-0.5.20/spell": ("", "0.2.0", "2023-09-06T22:51:25.890002497+00:00"), "registry-distro-0.8.4/registry": ("Fluence Labs", "0.8.6", "2023-06-05T16:32:19.143594193+00:00"),
              "trust-graph-distro-0.4.5/trust-graph": ("Fluence Labs", "0.4.5", "2023-06-09T10:52:32.966958944+00:00"), "aqua-ipfs-distro-0.6.0/ipfs_pure": None}
    for name, manifest in wanted.items():
        file = os.path.join(SOURCE, ".deps/oracles/marine", name + ".wasm")
        if not os.path.exists(file):
            raise Skip("published modules are not there (tools/setup-oracles brings them)")
        got = info(file)["manifest"]
        assert (got and (got["authors"], got["version"], got["build_time"])) == manifest, (name, got)


def main():
    tests = [(n, f) for n, f in globals().items() if callable(f) and n.startswith(GROUP + "_")]
    failed = skipped = 0
    for name, test in tests:
        began = time.time()
        try:
            test()
            print("ok      %-36s %.2f s" % (name, time.time() - began), flush=True)
        except Skip as reason:
            skipped += 1
            print("skipped %s: %s" % (name, reason), flush=True)
        except Exception as error:  # an assertion, or the test's own slip: both are shown
            failed += 1
            print("FAILED  %s\n%s: %s" % (name, type(error).__name__, error), flush=True)
    shutil.rmtree(TMP, ignore_errors=True)
    sys.exit(1 if failed or not tests else 77 if skipped == len(tests) else 0)


main()
