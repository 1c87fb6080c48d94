#!/usr/bin/env python3
"""rivulet repl as users and programs speak to it. repl.py RIVULET SOURCE_DIR [TEST...]; python3's standard library only.

Scripted sessions: lines go in, each document or text that comes out is compared. Then a terminal: completion, history, Ctrl-C.
"""
import functools
import pty
import termios

from e2e import *

KINDS = "arguments not_found load link trap fuel deadline memory stack host config command".split()
CHAIN = os.path.join(SOURCE, "tests/modules/chain")
STATE = os.path.join(TMP, "state")
ENV["XDG_STATE_HOME"] = STATE


@functools.lru_cache(None)
def built(source):
    """The wasm of a source of the tree, built once."""
    path = os.path.join(TMP, os.path.basename(source) + ".wasm")
    check(rivulet("module", "build", os.path.join(SOURCE, source), "-o", path), 0)
    return path


def session(lines, *args, cwd=TMP, code=0, timeout=60):
    """The documents that lines (and a configuration among args) are answered with."""
    result = rivulet("repl", "--json", *args, stdin="".join(line + "\n" for line in lines), cwd=cwd, timeout=timeout)
    assert result.code == code, result
    return [json.loads(line) for line in result.out.splitlines()], result


def good(doc):
    assert list(doc) == ["ok", "result", "fuel", "time_us"] and doc["ok"] is True, doc
    assert isinstance(doc["fuel"], int) and doc["fuel"] >= 0 and doc["time_us"] >= 0, doc
    return doc["result"]


def bad(doc, kind, message):
    assert list(doc) == ["ok", "error"] and doc["ok"] is False and list(doc["error"]) == ["kind", "message"], doc
    assert kind in KINDS and doc["error"]["kind"] == kind, doc
    assert re.search(message, doc["error"]["message"]), doc


# ---- documents ----


def repl_answers_field_by_field():
    hello = built("examples/hello/greeting.c")
    lines = ["load hello " + hello, 'call hello greeting ["Ada"]', 'c hello greeting {"name": "Bo"}', 'call hello greeting -nr ["Ada"]', 'call hello greeting "Cy"',
             "interface", "i hello", "stats", "envs", "help", "", "   ", "unload hello", "interface", "stats", "new", "quit", "stats"]
    docs, _ = session(lines)
    assert len(docs) == len(lines) - 3, docs  # two are empty, one comes after the end
    (load, by_place, by_name, silent, bare, interface, own, stats, envs, helps, unload, nothing, empty, new, end) = map(good, docs)
    assert (load, unload, new, end, silent) == (None,) * 5, docs
    assert (by_place, by_name, bare) == ("Hi, Ada", "Hi, Bo", "Hi, Cy"), docs
    assert docs[1]["fuel"] > docs[2]["fuel"] > 100 and docs[2]["fuel"] == docs[4]["fuel"], docs  # the first call sets something up
    assert interface == own == {"modules": {"hello": {"function_signatures": [{"name": "greeting", "arguments": [["name", "string"]], "output_types": ["string"]}],
                                                      "record_types": []}}}, interface
    assert nothing == {"modules": {}}, nothing
    assert stats["modules"] == [{"name": "hello", "memory_bytes": stats["memory_bytes"]}] and stats["memory_bytes"] % 65536 == 0, stats
    assert stats["calls"] == 4 and stats["failed_calls"] == 0 and stats["allocation_rejects"] == 0, stats
    assert stats["fuel_used"] == sum(d["fuel"] for d in docs[:5]), stats
    bounds = {"fuel": 10**10, "deadline_ms": 10000, "stack_bytes": 2 << 20, "memory_bytes": 256 << 20}
    assert stats["defaults"] == bounds and empty["defaults"] == bounds and empty["modules"] == [] and empty["memory_bytes"] == 0, stats
    assert envs == {"hello": {}}, envs
    assert [h["command"].split()[0] for h in helps] == "new load unload call interface stats envs help quit".split(), helps


def repl_has_a_kind_for_each_error():
    hello, bottom, middle, hostile = (built(s) for s in ("examples/hello/greeting.c", "tests/modules/chain/bottom.c", "tests/modules/chain/middle.c", "tests/modules/hostile.c"))
    other = write("unknown.toml", 'total_memory_limit = "1 MiB"\n[[module]]\nname = "a"\nload_form = "x"\n')
    missing = write("missing.toml", 'total_memory_limit = "1 MiB"\n[[module]]\nname = "a"\nload_from = "nowhere.wasm"\n')
    small = write("small.toml", 'total_memory_limit = "64 KiB"\n[[module]]\nname = "a"\nload_from = "%s"\n' % hello)
    cases = [
        ("load hello " + hello, None, None),
        ("call hello greeting []", "arguments", "requires 1 arguments, 0 provided"),
        ("call hello greeting [1]", "arguments", "expected a string"),
        ('call hello greeting {"nme": "x"}', "arguments", "name"),
        ('call hello greeting ["x"', "arguments", "bad json.*column"),
        ('call hello greeting ["x"] {"ttl": 1}', "arguments", "unknown key 'ttl'"),
        ('call hello greeting ["x"] {"particle": {"ttl": 4294967296}}', "arguments", "ttl is at most 4294967295"),
        ('call hello greeting ["x"] {"tetraplets": [{}]}', "arguments", "tetraplets is an array of arrays"),
        ('call hello greeting ["x"] []', "arguments", "call parameters are an object"),
        ('call hello greeting ["x"] {} {}', "arguments", "nothing follows the call parameters .column 10"),
        ("call hello greetin []", "not_found", "function with name `greetin` is missing"),
        ("call helo greeting []", "not_found", "module with name 'helo' is missing"),
        ("unload helo", "not_found", "module with name 'helo' is missing"),
        ("interface helo", "not_found", "helo"),
        ("envs helo", "not_found", "helo"),
        ("load x /no/where.wasm", "not_found", "/no/where.wasm"),
        ("load x /no/where.c", "not_found", "/no/where.c"),
        ("new /no/where.toml", "not_found", "/no/where.toml"),
        ("new " + missing, "not_found", "nowhere.wasm"),
        ("load x " + os.path.join(SOURCE, "README.md"), "load", "not a wasm file"),
        ("load hello " + bottom, "load", "module with name 'hello' is already loaded"),
        ("load middle " + middle, "link", "needs module 'bottom', which is not loaded before it"),
        ("load bottom " + bottom, None, None),
        ("load middle " + middle, None, None),
        ("unload bottom", "link", "module bottom cannot go: module middle imports from it"),
        ("load x " + built("tests/modules/chain/fails.c"), "trap", "_initialize.*unreachable"),
        ("load hostile " + hostile, None, None),
        ("call hostile trap []", "trap", "unreachable instruction executed"),
        ("call hostile divide [1, 0]", "trap", "integer divide by zero"),
        ("call hostile spin []", "fuel", "out of fuel"),
        ("call hostile recurse []", "stack", "call stack exhausted(?!.*0xffff)"),
        ("call hostile grow_or_die []", "memory", r"unreachable.*memory was refused before: the service has \d+ of at most 268435456 bytes"),
        ("call hostile fine []", None, None),
        ("new " + other, "config", r"unknown.toml:4:1: .*load_form.*load_from"),
        ("new " + small, "memory", "memory budget is used up"),
        ("frobnicate", "command", "there is no command 'frobnicate'"),
        ("call hello", "command", "call needs MODULE, FUNCTION and arguments"),
        ("load x", "command", "load needs NAME and FILE"),
        ("stats now", "command", "stats takes no arguments"),
        ('call hello greeting ["still here"]', None, None),
    ]
    docs, _ = session([line for line, _, _ in cases], "--fuel", "1000000000")
    assert len(docs) == len(cases), len(docs)
    for (line, kind, message), doc in zip(cases, docs):
        try:
            good(doc) if kind is None else bad(doc, kind, message)
        except AssertionError:
            raise AssertionError("%s: %s" % (line, doc))
    assert docs[-1]["result"] == "Hi, still here"


def repl_ends_calls_in_time():
    docs, _ = session(["load hostile " + built("tests/modules/hostile.c"), "call hostile spin []", "call hostile fine []"], "--deadline", "50", "--fuel", "1000000000000")
    bad(docs[1], "deadline", "deadline passed")
    assert good(docs[2]) == 7


def repl_is_bounded_as_flags_say():
    docs, _ = session(["load hostile " + built("tests/modules/hostile.c"), "call hostile grow [64]", "stats"], "--memory", "1MiB", "--fuel", "5000000", "--deadline", "700")
    assert good(docs[1]) == 2**32 - 1
    assert good(docs[2])["defaults"] == {"fuel": 5000000, "deadline_ms": 700, "stack_bytes": 2 << 20, "memory_bytes": 1 << 20}
    for flag, value in (("--fuel", "0"), ("--deadline", "soon"), ("--memory", "much")):
        check(rivulet("repl", flag, value), 2, err=flag)


def repl_hands_over_call_parameters():
    params = {"init_peer_id": "init", "service_id": "svc", "service_creator_peer_id": "creator", "host_id": "host", "worker_id": "worker", "particle_id": "p0",
              "tetraplets": [[{"peer_pk": "pk", "service_id": "s", "function_name": "f", "lens": ".$"}], [], [{"json_path": "old"}]],
              "particle": {"id": "p1", "timestamp": 1700000000000, "ttl": 7000, "script": "(null)", "signature": [1, 2, 255], "token": "tok"}}
    docs, _ = session(["load host " + built("tests/modules/host.c"), "call host parameters [] " + json.dumps(params), 'c host parameters [] {"particle_id": "only"}',
                       "c host parameters"])
    assert good(docs[1]) == "p1 init 1700000000000 7000 (null) 3 tok svc creator host worker [0 pk s f .$] [2    old]", docs[1]
    assert good(docs[2]).split() == ["only", "0", "0", "0"], docs[2]
    assert good(docs[3]).split() == ["0", "0", "0"], docs[3]


def repl_keeps_streams_apart():
    lines = ["load host " + built("tests/modules/host.c"), 'call host print ["to out", "to err"]', 'call host log ["note", 2]', 'call host env ["service_id"]']
    docs, result = session(lines)
    assert len(docs) == 4 and good(docs[1]) is None and good(docs[3]) == "(none)", result
    check(result, 0, err=["(?m)^to out$", "to err", r"\[host\] warn: note!"])


def repl_takes_any_bytes():
    hello = built("examples/hello/greeting.c")
    text = ("load hello " + hello + "\r\n").encode() + b"\xff\xfe\n" + b'call hello greeting ["\\u0000"]\n' + b"call hello gre\0ting []\n" + '\tcall  hello\tgreeting   ["é 😀"]  \n'.encode()
    text += b'call hello greeting ["' + b"x" * 300000 + b'"]\n' + b"[" * 100000 + b"\n" + b"call hello greeting " + b"[" * 100000 + b"\n" + b'call hello greeting ["last"]'
    done = subprocess.run([RIVULET, "repl", "--json"], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TMP, env=ENV, timeout=60)
    docs = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0 and len(docs) == 9, done.stdout
    good(docs[0])
    bad(docs[1], "command", "no UTF-8: the byte at column 1")
    assert good(docs[2]) == "Hi, ", docs[2]  # a C text ends at its NUL
    bad(docs[3], "not_found", "is missing")
    assert good(docs[4]) == "Hi, é 😀" and good(docs[5]) == "Hi, " + "x" * 300000
    bad(docs[6], "command", "there is no command")
    bad(docs[7], "arguments", "bad json")
    assert good(docs[8]) == "Hi, last"  # without a line end


def repl_reads_configurations():
    os.makedirs(os.path.join(TMP, "svc/modules"), exist_ok=True)
    for name, source in (("bottom", "bottom"), ("middle", "middle"), ("top", "top")):
        shutil.copy(built("tests/modules/chain/%s.c" % source), os.path.join(TMP, "svc/modules/%s.wasm" % name))
    shutil.copy(built("tests/modules/fetch.c"), os.path.join(TMP, "svc/modules/fetcher.wasm"))
    program = write("svc/say", "#!/bin/sh\necho said \"$@\"\n")
    os.chmod(program, 0o755)
    config = write("svc/Config.toml", """
total_memory_limit = "8 MiB"
modules_dir = "modules"
[[module]]
name = "bottom"
mem_pages_count = 100
[[module]]
name = "middle"
[[module]]
name = "top"
[module.wasi.envs]
COLOUR = "blue"
[module.wasi.mapped_dirs]
data = "kept"
[[module]]
name = "fetch"
file_name = "fetcher.wasm"
[module.mounted_binaries]
curl = "say"
""")
    docs, result = session(["call top top [5]", 'call fetch fetch ["a b; c"]', "envs top", "stats", "new", "stats"], config, cwd=SOURCE)
    assert good(docs[0]) is None and docs[0]["fuel"] > 0, docs
    assert good(docs[1]) == "kind 11 count 7", docs
    assert good(docs[2]) == {"code": 0, "error": "", "text": "said -sS a b; c\n", "complaint": ""}, docs
    assert good(docs[3]) == {"top": {"COLOUR": "blue", "data": os.path.join(TMP, "svc/kept"), "service_id": "repl"}}, docs
    stats = good(docs[4])
    assert [m["name"] for m in stats["modules"]] == ["bottom", "middle", "top", "fetch"] and stats["memory_bytes_max"] == 8 << 20, stats
    assert good(docs[6])["modules"] == [], docs
    check(result, 0, err="warning: .*Config.toml:6:1: 'mem_pages_count' is obsolete")
    assert os.path.isdir(os.path.join(TMP, "svc/kept"))
    # a configuration that fails leaves the service that there is
    docs, _ = session(["new " + config, "new /nowhere", "call top top [1]"])
    bad(docs[1], "not_found", "/nowhere")
    assert good(docs[2]) == "kind 11 count 3", docs


def repl_goes_on_with_the_service_after_a_trap():
    docs, _ = session(["load bottom " + built("tests/modules/chain/bottom.c"), "c bottom kind", "c bottom trap []", "c bottom count [{\"x\": 0, \"y\": 0}]", "stats"])
    bad(docs[2], "trap", "out of bounds memory access")
    assert good(docs[3]) == 1, docs  # what it counted before is still there
    assert good(docs[4])["failed_calls"] == 1, docs


# ---- files that change ----


class Session:
    """A repl that is spoken to line by line."""

    def __init__(self, *args):
        self.process = subprocess.Popen([RIVULET, "repl", "--json", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TMP, env=ENV)

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        err = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(20 * SLOW), err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def repl_loads_changed_files_anew():
    path = os.path.join(TMP, "changing.wasm")
    shutil.copy(built("tests/modules/chain/bottom.c"), path)
    with Session() as s:
        good(s.ask("load bottom " + path))
        good(s.ask("load middle " + built("tests/modules/chain/middle.c")))
        assert good(s.ask("c middle middle_kind")) == 11
        shutil.copy(built("tests/modules/chain/next.c"), path)
        assert good(s.ask("c middle middle_kind")) == 22  # new code below, old state above
        write_bytes("changing.wasm", b"\0asm half")
        assert good(s.ask("c middle middle_kind")) == 32
        shutil.copy(built("tests/modules/chain/other.c"), path)  # lacks nothing, but has another type
        assert good(s.ask("c middle middle_kind")) == 42
        os.unlink(path)
        assert good(s.ask("c middle middle_kind")) == 52
        shutil.copy(built("tests/modules/chain/renamed.c"), path)
        assert good(s.ask("c middle middle_kind")) == 65
        assert good(s.ask("interface bottom"))["modules"]["bottom"]["record_types"][0]["name"] == "Pair"
        code, err = s.end()
    assert code == 0, err
    assert err.count("was loaded anew, without its former state") == 2, err
    assert re.search(r"changing.wasm changed and cannot be loaded \(load: .*\); module bottom goes on as it was", err), err
    assert re.search(r"changing.wasm changed and cannot be loaded \(link: .*another type.*\)", err), err


def repl_builds_sources():
    source = write("own.c", '#include <marine.h>\nMARINE_EXPORT(u32, f, ()) { return 1; }\n')
    with Session() as s:
        good(s.ask("load own " + source))
        assert good(s.ask("c own f")) == 1
        time.sleep(0.02)
        write("own.c", '#include <marine.h>\nMARINE_EXPORT(u32, f, ()) { return 22; }\n')
        assert good(s.ask("c own f")) == 22
        write("own.c", "#include <marine.h>\nslip\n")
        assert good(s.ask("c own f")) == 22
        code, err = s.end()
    assert code == 0 and "own.c changed and cannot be loaded" in err, err


# ---- Ctrl-C ----


def repl_interrupts_a_call_and_goes_on():
    with Session("--fuel", "1000000000000000") as s:
        good(s.ask("load hostile " + built("tests/modules/hostile.c")))
        for _ in range(3):
            s.process.stdin.write(b"call hostile spin []\n")
            s.process.stdin.flush()
            time.sleep(0.2 * SLOW)
            began = time.time()
            s.process.send_signal(signal.SIGINT)
            bad(json.loads(s.process.stdout.readline()), "deadline", "was interrupted")
            assert time.time() - began < 2 * SLOW
        assert good(s.ask("call hostile fine")) == 7
        time.sleep(0.1 * SLOW)
        s.process.send_signal(signal.SIGINT)  # nothing runs: the program ends as others do
        assert s.process.wait(10 * SLOW) == 130


# ---- for people ----


def repl_speaks_to_people():
    hello, bottom = built("examples/hello/greeting.c"), built("tests/modules/chain/bottom.c")
    lines = ["load hello " + hello, 'call hello greeting ["Ada"]', "call hello greeting -nr [\"Ada\"]", "call hello greting []", "call helo x", "call hello greeting [1]", "load bottom " + bottom,
             "interface", "interface hello", "stats", "envs", "help", "stat", "call bottom trap", "unload hello", "quit"]
    result = check(rivulet("repl", stdin="\n".join(lines), cwd=TMP), 0,
                   out=[r"^loaded hello\nfuel \d+, time [\d.]+ [mu]s\n", r'"Hi, Ada"\nfuel [\d,]+, time [\d.]+ us\nfuel [\d,]+, time',
                        r"exported data types \(combined from all modules\):\ndata Point:\n  x: u32\n  y: u32\n\nexported functions:\nbottom:\n  func count\(p: Point\) -> u32\n",
                        r"<no exported data types>\n\nexported functions:\nhello:\n  func greeting\(name: string\) -> string\n", r"hello - \d+\nbottom - \d+\nAllocation rejects - 0\n",
                        r"of each call: fuel 10000000000, deadline 10000 ms, stack 2097152 bytes", r"hello:\n  <empty>", r"c, call MODULE FUNCTION \[-nr\] ARGS \[PARAMETERS\]", "unloaded hello\n$"],
                   err=["not_found: function with name `greting` is missing\n  hint: did you mean 'greeting'", "did you mean 'hello'",
                        r"arguments: .*\n  hint: greeting\(name: string\) -> string", "did you mean 'stats'", "trap: .*\n  hint: "])
    assert "\033" not in result.out + result.err and "> " not in result.out.replace("-> ", ""), result
    check(rivulet("repl", "--json", "/nowhere.toml", stdin="new\n"), 0, out=r'^\{"ok":false,"error":\{"kind":"not_found".*\n\{"ok":true')


class Terminal:
    """The repl on a pseudo terminal of 100 columns."""

    def __init__(self, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(TMP)
            os.execve(RIVULET, [RIVULET, "repl", *args], dict(ENV, TERM="xterm", LSAN_OPTIONS="suppressions=%s/tests/e2e/lsan.supp" % SOURCE))
        self.text = ""
        termios.tcsetwinsize(self.fd, (30, 100)) if hasattr(termios, "tcsetwinsize") else None

    def wait(self, pattern, seconds=20):
        until = time.time() + seconds * SLOW
        while not re.search(pattern, self.text):
            assert time.time() < until, "%r does not come: %r" % (pattern, self.text)
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    assert re.search(pattern, self.text), "%r never came: %r" % (pattern, self.text)
        seen, self.text = self.text, ""
        return seen

    def type(self, keys):
        time.sleep(0.05 * SLOW)  # after a prompt the terminal is set to single keys
        os.write(self.fd, keys.encode())

    def end(self, keys="\x04"):
        self.type(keys)
        try:
            while os.read(self.fd, 65536):  # it waits until all that it wrote was read
                pass
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def repl_edits_lines_on_a_terminal():
    hello, hostile = built("examples/hello/greeting.c"), built("tests/modules/hostile.c")
    shutil.rmtree(STATE, ignore_errors=True)
    t = Terminal("--fuel", "1000000000000000")
    t.wait("1> $")
    t.type("lo\t")  # completes the command
    t.wait("ad ")
    t.type("hello %s\t" % hello[:-4])  # and the file
    t.wait("wasm ")
    t.type("\n")
    t.wait("loaded hello[^>]*2> $")
    t.type("load hostile %s\n" % hostile)
    t.wait("loaded hostile[^>]*3> $")
    t.type("call h\t")  # a choice of modules
    assert "hello  hostile" in t.wait("hostile[^>]*> call h")
    t.type("e\tgr\t[\"Ädä\"]\n")
    t.wait('"Hi, Ädä"[^>]*4> $')
    t.type("interface zzz\x03")  # Ctrl-C gives a line up
    t.wait("4> $")
    t.type("call hostile spin\n")
    time.sleep(0.3 * SLOW)
    t.type("\x03")  # and a call
    t.wait("was interrupted(.|\n)*5> $")
    t.type("\x1b[A\x1b[A\n")  # two lines back
    t.wait('"Hi, Ädä"(.|\n)*6> $')
    assert t.end() == 0

    path = os.path.join(STATE, "rivulet/repl_history")
    assert oct(os.stat(path).st_mode & 0o777) == "0o600", os.stat(path)
    kept = open(path).read().splitlines()
    assert kept == ["load hello " + hello, "load hostile " + hostile, 'call hello greeting ["Ädä"]', "call hostile spin", 'call hello greeting ["Ädä"]'], kept
    t = Terminal()
    t.wait("1> $")
    t.type("\x1b[A\x1b[A\x1b[A\n")  # another session knows them
    t.wait("module with name 'hello' is missing(.|\n)*2> $")
    assert t.end("quit\n") == 0


def repl_history_stays_short():
    path = os.path.join(STATE, "rivulet/repl_history")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.writelines("stats %d\n" % i for i in range(5000))
    t = Terminal()
    t.wait("1> $")
    t.type("\x1b[A")
    t.wait("stats 4999")
    t.type("\x03")
    t.wait("1> $")
    assert t.end() == 0
    kept = open(path).read().splitlines()
    assert kept[-1] == "stats 4999" and 900 <= len(kept) <= 1001, (len(kept), kept[-3:])


# ---- published modules ----


def published(name):
    """A copy of a published service that tests/conform fetched, with its Config.toml; None without it."""
    source, copy = os.path.join(SOURCE, ".deps/oracles/marine", name), os.path.join(TMP, name)
    if not os.path.isdir(source):
        return None
    shutil.copytree(source, copy, dirs_exist_ok=True)
    return os.path.join(copy, "Config.toml")


def repl_speaks_to_published_services():
    config = published("fluence-spell-distro-0.7.6")
    if not config:
        return
    outside = ' {"init_peer_id": "somebody", "service_creator_peer_id": "owner", "host_id": "host", "worker_id": "worker"}'
    docs, _ = session(['c spell set_string ["h_key", "value"]', 'c spell get_string {"key": "h_key"}', 'c sqlite3 sqlite3_open_v2 [":memory:", 6, ""]', "c sqlite3 sqlite3_libversion_number",
                       "stats", "unload sqlite3", 'c spell set_string ["h_key", "other"]' + outside], config, timeout=120 * SLOW)
    assert good(docs[0]) is None and good(docs[1]) == {"error": "", "success": True}, docs
    assert good(docs[2]) == {"absent": False, "error": "", "success": True, "value": "value"}, docs
    database = good(docs[3])
    assert database["ret_code"] == 0 and good(docs[4]) == 3040001, docs
    assert [m["name"] for m in good(docs[5])["modules"]] == ["sqlite3", "spell"], docs
    bad(docs[6], "link", "module sqlite3 cannot go: module spell imports from it")
    assert good(docs[7])["success"] is False and "forbidden for any outside caller" in docs[7]["result"]["error"], docs  # it sees who calls
    handle = database["db_handle"]
    docs, _ = session(['c sqlite3 sqlite3_open_v2 [":memory:", 6, ""]', """c sqlite3 sqlite3_exec [%d, "create table t(a, b); insert into t values (42, 'hé')", 0, 0]""" % handle,
                       'c sqlite3 sqlite3_prepare_v2 [%d, "select * from t"]' % handle], config)
    assert good(docs[1])["db_handle"] == handle and good(docs[2]) == {"ret_code": 0, "err_msg": ""}, docs
    statement = good(docs[3])["stmt_handle"]
    docs, _ = session(['c sqlite3 sqlite3_open_v2 [":memory:", 6, ""]', """c sqlite3 sqlite3_exec [%d, "create table t(a, b); insert into t values (42, 'hé')", 0, 0]""" % handle,
                       'c sqlite3 sqlite3_prepare_v2 [%d, "select * from t"]' % handle, "c sqlite3 sqlite3_step [%d]" % statement,
                       "c sqlite3 sqlite3_column_int64 [%d, 0]" % statement, "c sqlite3 sqlite3_column_text [%d, 1]" % statement], config)
    assert good(docs[4]) == 100 and good(docs[5]) == 42 and good(docs[6]) == "hé", docs


if __name__ == "__main__":
    play([(n, f) for n, f in list(globals().items()) if callable(f) and n.startswith("repl_")])
