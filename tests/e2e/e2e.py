#!/usr/bin/env python3
"""The binary as a user runs it. e2e.py RIVULET SOURCE_DIR [GROUP...]; python3's standard library only.

Each test is a function whose name begins with its group. A test fails by an assertion; what the program said is shown then.
Nothing may stay behind: no process, no temporary folder.
"""
import base64
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

RIVULET, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
HELLO = os.path.join(SOURCE, "examples/hello/hello.aqua")
HELLO_TOML = os.path.join(SOURCE, "examples/hello/rivulet.toml")
PEER = "12D3KooWMMGdfVEJ1rWe1nH1nehYDzNEHhg5ogdfiGk88AupCMnf"
SLOW = 5 if os.environ.get("RIV_SLOW") else 1

# Everything that the program leaves in a temporary folder would be seen here; the caches stay between tests.
TMP = tempfile.mkdtemp(prefix="riv-e2e-")
ENV = dict(os.environ, TMPDIR=TMP, NO_COLOR="1", XDG_CACHE_HOME=os.path.join(TMP, "cache"))
ENV.pop("RIVULET_LOG", None)


class Result:
    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def __str__(self):
        return "rivulet %s\n=> %s\n--- stdout\n%s\n--- stderr\n%s" % (" ".join(self.args), self.code, self.out[:4000], self.err[:4000])


def rivulet(*args, stdin="", cwd=SOURCE, timeout=60, env=ENV):
    done = subprocess.run([RIVULET, *args], input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=timeout, env=env)
    return Result(args, done.returncode, done.stdout.decode(), done.stderr.decode())


def check(result, code, out=None, err=None):
    """Exit code, and texts (or patterns) that the output must hold."""
    assert result.code == code, "exit code %s wanted\n%s" % (code, result)
    for wanted, got in ((out, result.out), (err, result.err)):
        for text in [wanted] if isinstance(wanted, str) else wanted or []:
            assert re.search(text, got), "%r is missing\n%s" % (text, result)
    return result


def write(name, text):
    path = os.path.join(TMP, name)
    with open(path, "w") as f:
        f.write(text)
    return path


class Running:
    """A rivulet that goes on until it is stopped."""

    def __init__(self, *args, cwd=SOURCE, preexec=None):
        self.args = args
        self.process = subprocess.Popen([RIVULET, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=ENV,
                                        preexec_fn=preexec)
        self.text = {self.process.stdout: b"", self.process.stderr: b""}

    def read(self, done, seconds=20):
        until = time.time() + seconds * SLOW
        while not done(self):
            assert time.time() < until, "too slow: rivulet %s\n%s\n%s" % (" ".join(self.args), *self.text.values())
            open_pipes = [p for p in self.text if p is not None]
            for pipe in select.select(open_pipes, [], [], 0.1)[0]:
                self.text[pipe] += os.read(pipe.fileno(), 65536)
            if self.process.poll() is not None and not done(self):
                raise AssertionError("ended with %s: rivulet %s\n%s\n%s" % (self.process.returncode, " ".join(self.args), *self.text.values()))

    def addresses(self, count=1):
        self.read(lambda s: s.text[s.process.stdout].count(b"\n") >= count)
        return self.text[self.process.stdout].decode().split("\n")[:count]

    def wait_log(self, event, count=1):
        self.read(lambda s: s.text[s.process.stderr].count(b'"event":"%s"' % event.encode()) >= count)

    def stop(self, number=signal.SIGTERM):
        """Ends it and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=20 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("does not stop: rivulet %s" % " ".join(self.args))
        self.text[self.process.stdout] += out
        self.text[self.process.stderr] += err
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def write_bytes(name, data):
    path = os.path.join(TMP, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def node(*args):
    return Running("node", "--listen", "/ip4/127.0.0.1/tcp/0", "--log-level", "info", "--log-format", "json", *args)


def three_nodes(*more):
    """Three nodes that know each other, as (nodes, addresses)."""
    nodes, addresses = [], []
    for _ in range(3):
        peers = [word for a in addresses for word in ("--peer", a)]
        n = node("--config", HELLO_TOML, *peers, *more)
        nodes.append(n)
        addresses += n.addresses()
    for n in nodes:
        n.wait_log("peer.connected", 2)
    return nodes, addresses


def children_of(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == pid and fields[0] != "Z":
                    found.append(int(name))
            except (OSError, IndexError):
                pass
    return found


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def leftovers():
    return [name for name in os.listdir(TMP) if name.startswith("rivulet-")]


# ---- usage ----


def usage_slips_name_the_nearest():
    check(rivulet("rnu"), 2, err="there is no command 'rnu'; did you mean 'run'")
    check(rivulet("air", "prase", "x"), 2, err="did you mean 'air parse'")
    check(rivulet("run", HELLO, "--jsn"), 2, err="no flag --jsn; did you mean --json")
    check(rivulet("run", HELLO, "-f", 'helo("x")'), 2, err="no function 'helo'; did you mean 'hello'")
    toml = write("slip.toml", '[[service]]\nid = "greeting"\nmodul = "greeting.c"\n')
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--config", toml), 2, err=r"slip.toml:3:1: unknown key 'modul' in \[\[service\]\]; did you mean 'module'")


def usage_help_everywhere():
    overview = check(rivulet("help"), 0).out
    names = re.findall(r"^  (\w+(?: \w+)?)  +\w", overview, re.M)
    assert len(names) >= 15, overview
    for name in names:
        check(rivulet(*name.split(), "--help"), 0, out=["Usage: rivulet %s" % name, "--no-color"])
        check(rivulet("help", *name.split()), 0, out="Usage: rivulet %s" % name)
    for group in {n.split()[0] for n in names if " " in n}:
        listed = check(rivulet("help", group), 0, out="Usage: rivulet %s COMMAND" % group).out
        assert re.findall(r"^  (\w+ \w+)  +\w", listed, re.M) == [n for n in names if n.startswith(group + " ")], listed
        assert rivulet(group, "--help").out == listed
        check(rivulet(group), 2, err="'%s' needs one more word: " % group)
    check(rivulet("help", "exit-codes"), 0, out=["130", "cannot be reached"])
    check(rivulet(), 2, err="Usage: rivulet COMMAND")
    assert subprocess.run(["bash", "-n"], input=rivulet("completion", "bash").out.encode()).returncode == 0
    check(rivulet("completion", "tcsh"), 2, err="bash, zsh and fish")


def usage_json_whatever_is_wrong():
    for words in [("aqua", "compile"), ("aqua", "compile", "a", "b"), ("aqua", "compile", HELLO, "--bogus"), ("aqua", "compile", "--watch", "/no/such.aqua"), ("aqua", "compile", "--watch", "-"),
                  ("aqua", "explain", "NOPE"), ("test", "--order", "up"), ("test", "--seeds", "0"), ("sim", "/no/such.json"), ("trace", "/no/such"), ("module", "info", "/no/such"), ("run",)]:
        result = check(rivulet(*words, "--json"), 2)
        assert json.loads(result.out)["error"] and result.err.startswith("error: "), (words, result)


def usage_nowhere_to_write():
    with open("/dev/full", "w") as full:
        done = subprocess.run([RIVULET, "version"], stdout=full, stderr=subprocess.PIPE, env=ENV)
    assert done.returncode == 4 and b"error: cannot write standard output: No space left" in done.stderr, done


def usage_wrong_values():
    check(rivulet("run"), 2, err="'run' needs FILE.aqua")
    check(rivulet("run", "/no/such.aqua", "-f", "f()"), 2, err="cannot read /no/such.aqua: No such file")
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--nodes", "0"), 2, err="--nodes is a number from 1 to")
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--ttl", "soon"), 2, err="--ttl is a number")
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--nodes", "2", "--relay", "x"), 2, err="exclude each other")
    check(rivulet("run", HELLO, "-f", "hello("), 2, err=r"--func:1:7: ")
    check(rivulet("run", HELLO, "-f", "hello(1)"), 2, err="argument name must be string")
    check(rivulet("run", HELLO, "-f", "hello()"), 2, err=r"hello\(name: string\)")
    check(rivulet("run", HELLO), 2, err=["which function", r"hello\(name: string\)"])
    check(rivulet("run", HELLO, "--log-level", "loud"), 2, err="--log-level is error, warn")
    check(rivulet("node", "--listen", "nonsense"), 2, err="--listen nonsense: ")
    check(rivulet("node", "--listen", "/ip4/127.0.0.1/udp/1"), 2, err="only ip4, ip6 and dns with tcp")
    check(rivulet("node", "--peer", "/ip4/127.0.0.1/tcp/1"), 2, err="the peer's id is missing")
    check(rivulet("node", "--key", "/no/key"), 2, err=["cannot read /no/key", "rivulet key new"])
    check(rivulet("sim", write("s.json", '{"air": 7}')), 2, err="s.json")
    check(rivulet("sim", write("s.json", "{")), 2, err="s.json")


# ---- compile ----


def compile_json_is_the_contract():
    doc = json.loads(check(rivulet("aqua", "compile", HELLO, "--json"), 0).out)
    assert doc["accepted"] is True and doc["errors"] == []
    assert doc["functions"]["hello"]["funcDef"]["functionName"] == "hello"
    assert "(call" in doc["functions"]["hello"]["air"]
    air = check(rivulet("aqua", "compile", HELLO, "--air"), 0).out
    assert air.strip() == doc["functions"]["hello"]["air"].strip()


def compile_errors_have_places():
    bad = write("bad.aqua", "aqua Bad declares *\n\nexport f\n\nfunc f() -> string:\n  x = 1\n  <- nothing\n")
    doc = json.loads(check(rivulet("aqua", "compile", bad, "--json"), 1).out)
    assert doc["accepted"] is False and doc["functions"] == {}
    assert doc["errors"][0]["line"] == 7 and doc["errors"][0]["col"] == 6 and doc["errors"][0]["kind"] == "Error", doc
    check(rivulet("run", bad, "-f", "f()"), 1, err=["bad.aqua:7:6", "nothing"])
    doc = json.loads(check(rivulet("run", bad, "-f", "f()", "--json"), 1).out)
    assert doc["answer"] is None and "refused" in doc["error"]["message"] and doc["errors"][0]["line"] == 7, doc
    broken = write("broken.aqua", "aqua Broken declares *\n\nfunc f(\n")
    doc = json.loads(check(rivulet("aqua", "compile", broken, "--json"), 1).out)
    assert doc["errors"][0]["kind"] == "Syntax error" and doc["errors"][0]["line"] >= 3, doc


def compile_explains():
    bad = write("explained.aqua", "aqua M declares *\n\nfunc f(count: u8) -> u8:\n  unread = 1\n  <- cuont\n")
    doc = json.loads(check(rivulet("aqua", "compile", bad, "--json"), 1).out)
    error, fix = doc["errors"][0], doc["errors"][0]["fixes"][0]["edits"][0]
    assert (error["code"], error["name"], error["end_col"]) == ("A0301", "unknown-name", 11), error
    assert (fix["line"], fix["col"], fix["end_col"], fix["text"]) == (5, 6, 11, "count"), fix
    check(rivulet("aqua", "compile", bad), 1, err=[r"error\[A0301\]: Name 'cuont'", r"did you mean `count`\?"])
    check(rivulet("aqua", "explain", "A0301"), 0, out=["unknown-name", "refused:", "good:"])
    assert json.loads(check(rivulet("aqua", "explain", "unknown-name", "--json"), 0).out)["code"] == "A0301"
    assert len(json.loads(check(rivulet("aqua", "explain", "--json"), 0).out)) > 90
    check(rivulet("aqua", "explain", "A9999"), 2, err="no code")
    warned = write("warned.aqua", "aqua M declares *\n\nfunc f(count: u8) -> u8:\n  unread = 1\n  <- count\n")
    check(rivulet("aqua", "compile", warned, "--dry"), 0, err=r"warning\[A0315\]")
    assert "A0315" not in check(rivulet("aqua", "compile", warned, "--dry", "--allow", "unused-variable"), 0).err
    check(rivulet("aqua", "compile", warned, "--dry", "--deny-warnings"), 1, err="A0315")
    check(rivulet("aqua", "compile", warned, "--dry", "--deny-warnings", "--allow", "A0315"), 0)
    check(rivulet("aqua", "compile", warned, "--dry", "--allow", "A0301"), 1, err="no warning")


def compile_imports_and_constants():
    os.makedirs(os.path.join(TMP, "lib"), exist_ok=True)
    write("lib/part.aqua", 'aqua Part declares *\n\nfunc word() -> string:\n  <- "word"\n')
    main = write("main.aqua", 'aqua Main declares *\n\nimport "part.aqua"\n\nexport f\n\nconst N ?= 1\n\nfunc f() -> string, u32:\n  w <- word()\n  <- w, N\n')
    check(rivulet("run", main, "-f", "f()"), 1, err=["part.aqua"])
    result = check(rivulet("run", main, "-f", "f()", "--import", os.path.join(TMP, "lib"), "--const", "N=42"), 0)
    assert json.loads(result.out) == ["word", 42], result
    check(rivulet("run", main, "-f", "f()", "--const", "N"), 2, err="--const takes NAME=VALUE")
    os.makedirs(os.path.join(TMP, "node_modules/@some/lib"), exist_ok=True)
    write("node_modules/@some/lib/part.aqua", 'aqua Lib declares *\n\nfunc word() -> string:\n  <- "from npm"\n')
    npm = write("npm.aqua", 'aqua Npm declares *\n\nimport "@some/lib/part.aqua"\n\nexport f\n\nfunc f() -> string:\n  w <- word()\n  <- w\n')
    assert json.loads(check(rivulet("run", npm, "-f", "f()"), 0).out) == "from npm"


def compile_writes_files():
    out = os.path.join(TMP, "out")
    check(rivulet("aqua", "compile", HELLO, "-o", out), 0)
    assert sorted(os.listdir(out)) == ["hello.hello.air", "hello.json"]
    check(rivulet("air", "parse", os.path.join(out, "hello.hello.air")), 0)
    check(rivulet("aqua", "compile", HELLO, "-o", os.path.join(TMP, "none"), "--dry"), 0)
    assert not os.path.exists(os.path.join(TMP, "none"))


def folder(name, files):
    """A folder with these files, new each time."""
    root = os.path.join(TMP, name)
    shutil.rmtree(root, ignore_errors=True)
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        write(os.path.join(name, path), text)
    return root


def listed(root):
    return sorted(os.path.relpath(os.path.join(d, f), root) for d, _, files in os.walk(root) for f in files)


PART = 'aqua Part declares *\n\nfunc word() -> string:\n  <- "%s"\n'
USER = 'aqua User declares *\n\nimport "%s"\n\nexport %s\n\nfunc %s() -> string:\n  w <- word()\n  <- w\n'


def compile_forms():
    out = os.path.join(TMP, "forms")
    check(rivulet("aqua", "compile", "-i", HELLO, "-o", out, "--js", "--ts"), 0, err="wrote ")
    assert listed(out) == ["hello.d.ts", "hello.js", "hello.ts"], listed(out)
    check(rivulet("aqua", "compile", HELLO, "-o", out, "--air"), 0)
    assert listed(out) == ["hello.d.ts", "hello.hello.air", "hello.js", "hello.ts"], listed(out)
    assert check(rivulet("aqua", "compile", HELLO, "--js"), 0).out == open(os.path.join(out, "hello.js")).read()
    assert check(rivulet("aqua", "compile", HELLO, "-o", out, "--js"), 0).err == ""  # nothing is written anew that stands already
    check(rivulet("aqua", "compile", HELLO, "-i", HELLO), 2, err="both --input")
    check(rivulet("aqua", "compile"), 2, err="needs FILE.aqua")
    doc = json.loads(check(rivulet("aqua", "compile", os.path.join(TMP, "absent.aqua"), "--json"), 2).out)
    assert doc["accepted"] is False and "absent.aqua" in doc["errors"][0]["text"], doc
    blocked = write("blocked", "a file where a folder should be")
    check(rivulet("aqua", "compile", HELLO, "-o", blocked), 4, err="blocked")


def compile_folders():
    root = folder("tree", {"a.aqua": USER % ("lib/part", "one", "one"), "lib/part.aqua": PART % "part", "sub/b.aqua": USER % ("../lib/part", "two", "two"),
                           "node_modules/x/bad.aqua": "nothing of ours", ".hidden/c.aqua": "nor this", "notes.txt": "nor that"})
    os.symlink(root, os.path.join(root, "sub", "up"))
    out = os.path.join(TMP, "tree-out")
    check(rivulet("aqua", "compile", root, "-o", out, "--js", "--air"), 0)
    assert listed(out) == ["a.d.ts", "a.js", "a.one.air", "sub/b.d.ts", "sub/b.js", "sub/b.two.air"], listed(out)
    doc = json.loads(check(rivulet("aqua", "compile", root, "--json"), 0).out)
    assert doc["accepted"] and [len(f["functions"]) for f in doc["files"]] == [1, 0, 1], doc
    # One slip in a file that two others import: told once, and nothing is written.
    write("tree/lib/part.aqua", "aqua Part declares *\n\nfunc word() -> string:\n  <- nothing\n")
    shutil.rmtree(out)
    result = check(rivulet("aqua", "compile", root, "-o", out), 1, err=["3 of 3 programs were refused", "nothing was written"])
    assert result.err.count("part.aqua:4:6") == 1 and not os.path.exists(out), result
    doc = json.loads(check(rivulet("aqua", "compile", root, "--json"), 1).out)
    assert not doc["accepted"] and len(doc["files"]) == 3, doc
    check(rivulet("aqua", "compile", folder("bare", {"x.txt": ""})), 2, err="no .aqua file")
    f = "aqua M declares *\n\nexport f\n\nfunc f() -> string:\n  <- \"x\"\n"
    clash = folder("clash", {"a.aqua": f, "a.d.aqua": f})
    check(rivulet("aqua", "compile", clash, "--js", "--ts", "-o", os.path.join(TMP, "clash-out")), 2, err="two programs would make .*a.d.ts; nothing was written")
    assert not os.path.exists(os.path.join(TMP, "clash-out"))
    check(rivulet("aqua", "compile", clash, "--ts", "-o", os.path.join(TMP, "clash-out")), 0)


def compile_import_rules():
    root = folder("rules", {"src/a.aqua": USER % ("@own/deep/part.aqua", "f", "f"), "own/part.aqua": PART % "short", "deep/part.aqua": PART % "long",
                            "colon:dir/@own/deep/part.aqua": PART % "colon", "src/both.aqua": USER % ("./part", "f", "f"), "far/part.aqua": PART % "far"})
    def answer(file, *rules):
        flags = [word for r in rules for word in ("-m", r)]
        return json.loads(check(rivulet("run", os.path.join(root, file), "-f", "f()", *flags), 0).out)
    own, deep = "@own/deep:" + os.path.join(root, "own"), "@own:" + os.path.join(root)
    assert answer("src/a.aqua", own) == "short"
    assert answer("src/a.aqua", deep) == "long"
    assert answer("src/a.aqua", deep, own) == "short"  # the longest prefix first
    assert answer("src/a.aqua", os.path.join(root, "colon:dir")) == "colon"  # a folder of that name
    assert answer("src/both.aqua", os.path.join(root, "far")) == "far"
    write("rules/src/part.aqua", PART % "near")
    assert answer("src/both.aqua", os.path.join(root, "far")) == "near"
    check(rivulet("aqua", "compile", os.path.join(root, "src/a.aqua"), "--dry", "-m", "@other:" + root), 1,
          err=["a.aqua:3:8", "src/@own/deep/part.aqua"])


def compile_odd_imports():
    root = folder("odd", {"a.aqua": USER % ("part", "f", "f"), "real/part.aqua": PART % "linked", "b.aqua": USER % ("c", "f", "f"),
                          "c.aqua": 'aqua C declares *\n\nimport "link.aqua"\n\nfunc word() -> string:\n  <- "c"\n', "d.aqua": USER % ("folder", "f", "f")})
    a = os.path.join(root, "a.aqua")
    os.symlink("real/part.aqua", os.path.join(root, "part.aqua"))
    assert json.loads(check(rivulet("run", a, "-f", "f()"), 0).out) == "linked"
    os.symlink("b.aqua", os.path.join(root, "link.aqua"))  # b imports c imports b by another name
    check(rivulet("aqua", "compile", os.path.join(root, "b.aqua"), "--dry"), 1, err="Cycle loops detected in imports")
    os.mkdir(os.path.join(root, "folder.aqua"))
    check(rivulet("aqua", "compile", os.path.join(root, "d.aqua"), "--dry"), 1, err=["d.aqua:3:8", "folder.aqua"])
    os.remove(os.path.join(root, "part.aqua"))
    os.symlink("nowhere.aqua", os.path.join(root, "part.aqua"))
    check(rivulet("aqua", "compile", a, "--dry"), 1, err=["could not be resolved", "part.aqua"])
    os.remove(os.path.join(root, "part.aqua"))
    write_bytes("odd/part.aqua", b"aqua Part declares *\n\nfunc \xff() -> string:\n")
    check(rivulet("aqua", "compile", a, "--dry"), 1, err=["part.aqua:3:6", "not UTF-8"])
    check(rivulet("aqua", "compile", os.path.join(root, "part.aqua"), "--dry"), 2, err="no UTF-8 text")
    with open(os.path.join(root, "part.aqua"), "wb") as big:
        big.truncate(17 << 20)
    check(rivulet("aqua", "compile", a, "--dry"), 1, err=["a.aqua:3:8", "is larger than"])
    os.remove(os.path.join(root, "part.aqua"))
    os.mkfifo(os.path.join(root, "part.aqua"))
    check(rivulet("aqua", "compile", a, "--dry"), 1, err=["a.aqua:3:8", "is no file"])
    if os.geteuid() != 0:
        os.remove(os.path.join(root, "part.aqua"))
        os.chmod(write("odd/part.aqua", PART % "x"), 0)
        check(rivulet("aqua", "compile", a, "--dry"), 1, err=["a.aqua:3:8", "Permission denied"])


def compile_watches():
    root = folder("watched", {"a.aqua": USER % ("part", "f", "f")})
    out = os.path.join(TMP, "watched-out")
    err = lambda s: s.text[s.process.stderr]
    with Running("aqua", "compile", root, "-o", out, "--air", "--watch") as w:
        w.read(lambda s: b"could not be resolved" in err(s) and err(s).count(b"waiting for changes") == 1)
        assert not os.path.exists(out)
        write("watched/part.aqua", PART % "first")  # what was looked for has come
        w.read(lambda s: err(s).count(b"waiting for changes") == 2)
        w.read(lambda s: b"1 function, 1 file written" in err(s))
        assert '"first"' in open(os.path.join(out, "a.f.air")).read()
        write("watched/part.aqua", PART % "second")  # only an import changed
        w.read(lambda s: err(s).count(b"1 file written") == 2)
        assert '"second"' in open(os.path.join(out, "a.f.air")).read()
        write("watched/part.aqua", PART % "second" + "-- nothing new\n")
        w.read(lambda s: b"0 files written" in err(s))
        write("watched/b.aqua", USER % ("part", "g", "g"))  # a program more
        w.read(lambda s: os.path.exists(os.path.join(out, "b.g.air")))
        write("watched/b.aqua", "aqua B\n\nexport nothing\n")
        w.read(lambda s: b"nothing was written" in err(s))
        assert w.stop(signal.SIGINT) == 0
    assert not [f for f in listed(out) if not f.endswith(".air")], listed(out)
    check(rivulet("aqua", "compile", os.path.join(root, "absent.aqua"), "--watch"), 2, err="absent.aqua")
    check(rivulet("aqua", "compile", "-", "--watch"), 2, err="--watch needs a file")
    with Running("aqua", "compile", os.path.join(root, "a.aqua"), "--json", "--watch") as w:
        w.read(lambda s: s.text[s.process.stdout].endswith(b"\n"))
        write("watched/part.aqua", PART % "third")
        w.read(lambda s: s.text[s.process.stdout].count(b"\n") > 1 and s.text[s.process.stdout].endswith(b"\n"))
        docs = [json.loads(line) for line in w.text[w.process.stdout].splitlines()]
        assert docs[0]["accepted"] and '"third"' in docs[-1]["functions"]["f"]["air"], docs
        assert w.stop(signal.SIGTERM) == 0


# ---- tools ----


def tools_air():
    script = write("s.air", '(seq (call "p" ("s" "f") [] x) (call "p" ("s" "g") [x]))')
    json.loads(check(rivulet("air", "parse", script), 0).out)
    pretty = check(rivulet("air", "fmt", script), 0).out
    formatted = write("f.air", pretty)
    assert rivulet("air", "fmt", formatted).out == pretty
    check(rivulet("air", "fmt", "--check", script), 1, err="is not formatted")
    check(rivulet("air", "fmt", "--check", formatted), 0)
    check(rivulet("air", "fmt", "--write", script), 0)
    check(rivulet("air", "fmt", "--check", script), 0)
    bad = write("bad.air", '(seq (null)\n  (call "p" ("s" "f") [y]))')
    check(rivulet("air", "parse", bad), 1, err=r"bad.air:2:\d+")
    check(rivulet("air", "show", bad), 2, err="holds no particle data")


def tools_air_invoke():
    seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    key = write("invoke.key", seed + "\n")
    os.chmod(key, 0o600)
    peer = json.loads(check(rivulet("key", "show", key, "--json"), 0).out)["peer_id"]
    params = {"init_peer_id": peer, "current_peer_id": peer, "timestamp": 1, "ttl": 1000, "secret_key": seed, "particle_id": "p"}
    step = {"air": '(call "%s" ("s" "f") [1] x)' % peer, "prev": "", "data": "", "params": params, "call_results": {}}
    one = json.loads(check(rivulet("air", "invoke", stdin=json.dumps(step) + "\n"), 0).out)
    assert one["ret_code"] == 0, one
    (number, call), = one["call_requests"].items()
    assert call["service_id"] == "s" and call["function_name"] == "f" and call["arguments"] in ([1], "[1]"), call
    step.update(prev=one["data"], call_results={number: {"ret_code": 0, "result": '"done"'}})
    two = json.loads(check(rivulet("air", "invoke", stdin=json.dumps(step) + "\n"), 0).out)
    assert two["ret_code"] == 0 and two["call_requests"] == {}, two
    shown = json.loads(check(rivulet("air", "show", write("data", two["data"])), 0).out)
    assert len(shown["data"]["trace"]) == 1, shown
    check(rivulet("air", "invoke", stdin="{}\n"), 2, err="line 1: ")


def tools_sim():
    scenario = write("sim.json", json.dumps({"air": '(seq (call "@bob" ("s" "f") ["x"] y) (call "@alice" ("s" "g") [y] z))', "init": "alice",
                                             "services": [{"function": "f", "echo": 0}, {"const": 1}]}))
    doc = json.loads(check(rivulet("sim", scenario, "--json"), 0).out)
    assert doc["visited"] == ["alice", "bob"], doc
    assert doc["calls"]["alice"][0]["args"] == ["x"], doc
    assert json.loads(rivulet("sim", scenario, "--json").out) == doc
    check(rivulet("sim", scenario), 0, out=["5 steps, 2 calls, 2 sent", r'bob gets the particle from alice \(step 1\)', r'calls  s.f\("x"\) = "x"', "in the end"])
    steps = check(rivulet("sim", scenario, "--step"), 0, out='call bob s.f = "x" ✓  ← call bob').out
    assert steps.count("----") == 4, steps
    check(rivulet("sim", scenario, "--step", "--json"), 2, err="does not go with")
    fork = write("fork.json", json.dumps({"air": '(par (call "@bob" ("s" "f") []) (par (call "@carol" ("s" "f") []) (call "@dave" ("s" "f") [])))', "init": "alice",
                                          "services": [{"const": 1}]}))
    orders = {tuple(s["peer"] for s in json.loads(check(rivulet("sim", fork, "--json", "--seed", str(n)), 0).out)["steps"]) for n in range(8)}
    assert len(orders) > 2, orders
    check(rivulet("sim", fork, "--seed", "x"), 2, err="--seed")
    check(rivulet("sim", scenario, "--avm-version", "0.62", "--json"), 0)
    check(rivulet("sim", scenario, "--avm-version", "9"), 2, err="0.62 or 0.64")


def tools_chain_scenario():
    good, text = SOURCE + "/tests/market/ledger-stop.g0.json", open(SOURCE + "/tests/market/ledger-one-worker.g0.json").read()
    bad = write("market.json", text.replace('"10USD"', '"11USD"'))
    check(rivulet("chain", "scenario", good), 0, out=r"ok .*ledger-stop.g0.json  \d+ steps")
    check(rivulet("chain", "scenario", good, bad), 1, out=["step 5  setWorker", r"maxPaidEpoch\(D\): wanted 10, got 11", "1 of 2 scenarios hold"])
    doc = json.loads(check(rivulet("chain", "scenario", bad, "--json"), 1).out)
    assert not doc["passed"] and doc["steps"][4]["got"]["expect"]["maxPaidEpoch"] == {"D": "11"} and doc["steps"][0]["ok"]
    both = json.loads(check(rivulet("chain", "scenario", good, bad, "--json"), 1).out)
    assert [s["passed"] for s in both["scenarios"]] == [True, False] and both["scenarios"][1] == doc
    check(rivulet("chain", "scenario"), 2, err="needs FILE, or --random SEED")
    check(rivulet("chain", "scenario", good, "--random", "3"), 2, err="does not go with files")
    market = json.loads(check(rivulet("chain", "scenario", "--random", "3", "--json"), 0).out)
    assert market["deposited"] == market["withdrawn"] + market["paid"] > 0 and market["weather"] == "crashes" and market["crashes_before"] > 0
    check(rivulet("chain", "scenario", "--random", "3"), 0, out=["all rules hold, run " + market["hash"], "crashes behind a commit"])
    check(rivulet("chain", "scenario", "--random", "3", "--log-level", "info"), 0, err=["trade.block", "trade.chain_dies", "trade.does"])
    check(rivulet("chain", "scenario", write("market.json", text.replace("providerInfo", "providerInof"))), 2, err="market.json: steps.0..do: no action 'providerInof', perhaps 'providerInfo'")


def particle(scenario, *args):
    """What the init peer holds in the end, as a particle in JSON."""
    doc = json.loads(check(rivulet("sim", scenario, "--json", *args), 0).out)
    name, = [n for n, i in doc["peers"].items() if i == doc["particle"]["init_peer_id"]]
    return dict(doc["particle"], script=doc["air"], data=doc["final"][name]["data"]), doc


def tools_evidence():
    air = '(seq (call "@bob" ("s" "f") ["truth"] y) (call "@alice" ("s" "g") [y] z))'
    scenario = write("ev.json", json.dumps({"air": air, "init": "alice", "services": [{"echo": 0}]}))
    good, doc = particle(scenario)
    bob = doc["peers"]["bob"]
    path = write("good.json", json.dumps(good))
    check(rivulet("air", "verify", path), 0, out=["^good", "content ids all good", "✓ " + bob + "  1 result"])
    assert json.loads(check(rivulet("air", "verify", path, "--json"), 0).out)["good"] is True
    bare = write("good.b64", good["data"])
    check(rivulet("air", "verify", bare), 2, out="half checked", err=["signatures were not checked", "add --particle ID"])
    check(rivulet("air", "verify", bare, "--particle", good["id"]), 0)
    other = json.loads(check(rivulet("air", "verify", bare, "--particle", "another", "--json"), 1).out)
    assert other["code"] == 9 and {s["verdict"] for s in other["signatures"]} == {"wrong"}, other
    raw = base64.b64decode(good["data"])
    assert b'"truth"' in raw
    check(rivulet("air", "verify", write_bytes("lie", raw.replace(b'"truth"', b'"a lie"')), "--particle", good["id"]), 1,
          out=["refused, code 8", "value bagaaihra", "what stands there hashes to bagaaihra", "it belongs to a result of " + bob])
    lie, _ = particle(write("lie.json", json.dumps({"air": air, "init": "alice", "services": [{"peer": "bob", "const": "lie"}, {"echo": 0}]})))
    both = check(rivulet("air", "verify", write("lied.json", json.dumps(lie)), "--stored", path), 1, out=["signed both", "two answers to one call", '"truth"', '"lie"'])
    assert bob in both.out, both
    check(rivulet("air", "verify", write("rubbish", "rubbish")), 2, out="refused, code 3", err="no particle data that can be read")
    check(rivulet("air", "verify", write("empty", "")), 2, err="holds no data")
    check(rivulet("air", "verify", os.path.join(TMP, "no-such")), 2)


def tools_trace():
    air = ('(seq (par (call "@bob" ("s" "f") [1] $s) (call "@carol" ("s" "f") [2] $s)) (seq (fold $s i (par (xor (match i 1 (call "@alice" ("s" "one") [] x)) '
           '(call "@alice" ("s" "two") [])) (next i))) (canon "@alice" $s #cc)))')
    good, doc = particle(write("tr.json", json.dumps({"air": air, "init": "alice", "services": [{"function": "f", "echo": 0}, {"const": 7}]})))
    path = write("trace.json", json.dumps(good))
    bob = doc["peers"]["bob"]
    shown = check(rivulet("trace", path), 0, out=["particle  particle-1", "2023-11-14 22:13:20.000 UTC", bob + "  ✓ signature good", "par of 2 branches", "branch 1",
                                                  bob[-6:] + r' s.f = 1 into generation \d ✓', r"fold over \d items?  ← fold \$s i", "canon .* ✓"])
    assert "does not fit" not in shown.out and "could be of several" not in shown.out, shown
    states = json.loads(check(rivulet("trace", path, "--json"), 0).out)
    assert states["script_fits"] is True and states["refused"] is None, states
    assert states["states"][0]["kind"] == "par" and states["states"][1]["value"] == 1 and states["states"][1]["signed"] is True, states
    bare = write("trace.b64", good["data"])
    assert "←" not in check(rivulet("trace", bare), 0, out="signatures were not checked").out
    script = write("trace.air", good["script"])
    check(rivulet("trace", bare, "--air", script, "--particle", good["id"]), 0, out=["← fold", "signature good"])
    check(rivulet("trace", bare, "--air", write("other.air", "(seq (ap 1 x) (ap x $y))")), 0, out="does not fit this trace: it parts from it at state 0")
    check(rivulet("trace", bare, "--air", write("broken.air", "(seq (null)")), 2, err=r"broken.air:1:\d+")
    check(rivulet("trace", write("none", "none!")), 2, err="holds no particle data")


def tools_keys():
    path = os.path.join(TMP, "k")
    peer = re.search(r"peer id +(\S+)", check(rivulet("key", "new", path), 0).out).group(1)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert peer in check(rivulet("key", "show", path), 0).out
    check(rivulet("key", "new", path), 4, err="exists already")
    os.chmod(path, 0o644)
    check(rivulet("key", "show", path), 0, err="others may read")
    check(rivulet("key", "show", write("nokey", "zzz")), 2, err="is no key file")
    secret = check(rivulet("key", "new"), 0, err="peer id").out.strip()
    assert len(secret) == 44


def tools_modules():
    wasm = os.path.join(TMP, "greeting.wasm")
    source = os.path.join(SOURCE, "examples/hello/greeting.c")
    check(rivulet("module", "build", source, "-o", wasm), 0)
    first = open(wasm, "rb").read()
    began = time.time()
    check(rivulet("module", "build", source, "-o", wasm), 0)
    assert open(wasm, "rb").read() == first
    info = json.loads(check(rivulet("module", "info", wasm, "--json"), 0).out)
    assert [f["name"] for f in info["interface"]["function_signatures"]] == ["greeting"], info
    check(rivulet("module", "info", wasm), 0, out=["greeting", "sdk version"])
    # A damaged entry of the cache is found and made anew.
    modules = os.path.join(ENV["XDG_CACHE_HOME"], "rivulet/modules")
    for name in os.listdir(modules):
        with open(os.path.join(modules, name), "r+b") as f:
            f.seek(100)
            f.write(b"\xff\xfe")
    check(rivulet("module", "build", source, "-o", wasm), 0, err="building")
    assert open(wasm, "rb").read() == first
    check(rivulet("module", "build", write("broken.c", "int f( {"), "-o", wasm), 1, err=["error: expected", "broken.c could not be built"])
    check(rivulet("module", "build", "/no/such.c", "-o", wasm), 2, err="there is no /no/such.c")
    check(rivulet("module", "build", source), 2, err="needs --output")
    check(rivulet("module", "info", source), 2, err="is no WebAssembly module")
    env = dict(ENV, PATH="/nowhere", XDG_CACHE_HOME=os.path.join(TMP, "empty"))
    check(rivulet("module", "build", source, "-o", wasm, env=env), 4, err=["clang.*is not installed", "apt-get install clang"])
    plain = write("plain.c", '__attribute__((export_name("f"))) int f(void) { return 7; }\n')
    check(rivulet("module", "build", plain, "-o", os.path.join(TMP, "plain.wasm")), 0)
    header = write("part.h", "#define N 1\n")
    uses = write("uses.c", '#include "part.h"\n__attribute__((export_name("f"))) int f(void) { return N; }\n')
    check(rivulet("module", "build", uses, "-o", os.path.join(TMP, "u1.wasm")), 0)
    with open(header, "w") as f:
        f.write("#define N 2\n")
    check(rivulet("module", "build", uses, "-o", os.path.join(TMP, "u2.wasm")), 0)
    assert open(os.path.join(TMP, "u1.wasm"), "rb").read() != open(os.path.join(TMP, "u2.wasm"), "rb").read()
    assert leftovers() == []


def tools_modules_slips():
    """Slips around the macros are told in the words of the SDK; what is given in place of a module or an output is named."""
    body = "{ return name; }\n"
    for source, hint in (('#include "marine.h"\nMARINE_EXPORT(string, f, string name)' + body, "parentheses of their own"),
                         ('#include "marine.h"\nMARINE_EXPORT(string, f, (string))' + body, "a type and a name"),
                         ("MARINE_EXPORT(string, f, (string name))" + body, r'begins with #include "marine.h"'),
                         ('#include "marine.h"\nMARINE_EXPORT(string, f, (strng name))' + body, "'strng' is not a type of services")):
        check(rivulet("module", "build", write("slip.c", source), "-o", os.path.join(TMP, "slip.wasm")), 1, err=["slip.c could not be built", "hint: .*" + hint])
    assert not os.path.exists(os.path.join(TMP, "slip.wasm"))
    hello = os.path.join(SOURCE, "examples/hello/greeting.c")
    wasm = os.path.join(TMP, "hello.wasm")
    check(rivulet("module", "build", hello, "-o", wasm), 0)
    check(rivulet("module", "info", hello), 2, err="hint: a source: rivulet module build .*greeting.c -o greeting.wasm")
    check(rivulet("module", "info", os.path.join(SOURCE, "examples/hello")), 2, err="it is a folder\n  hint: a source")
    check(rivulet("module", "aqua", wasm, "-i", 'a"b'), 2, err="--id holds a character .*column 2")
    check(rivulet("module", "pack", wasm, "-o", os.path.join(TMP, "hello.zip")), 2, err="NAME.tar or as a folder")
    assert not os.path.exists(os.path.join(TMP, "hello.zip"))
    link = os.path.join(TMP, "device.wasm")  # through a link: were it replaced, the device would stay
    os.symlink("/dev/full", link)
    check(rivulet("module", "build", hello, "-o", link), 4, err="cannot write .*: No space left")
    assert os.path.islink(link) and leftovers() == []


# ---- run: embedded ----


def test_examples():
    check(rivulet("test", "examples/aqua"), 0, out=["6 of 6 runs passed"])
    check(rivulet("test", "examples/aqua/race.aqua", "--seeds", "30"), 0, out=["2 of 2"])
    doc = json.loads(check(rivulet("test", "examples/aqua/try.scenario.json", "--json", "--filter", "second"), 0).out)
    assert doc["passed"] is True and [r["name"] for r in doc["runs"]] == ["the second peer answers"], doc
    assert doc["runs"][0]["responses"] == [[["Hi, Ada"]]], doc


def test_expectations():
    program = write("sum.aqua", "aqua Sum\nexport main\n\nservice S(\"s\"):\n    f(x: u32) -> u32\n\nfunc main(x: u32) -> u32:\n    y <- S.f(x)\n    <- y + 1\n")
    path = program[:-len(".aqua")] + ".scenario.json"
    run = {"name": "a & b", "args": {"x": 1}, "services": [{"service": "s", "echo": 0}], "about": "kept", "responses": [[3]]}

    def put(**changes):
        with open(path, "w") as f:
            json.dump({"runs": [dict(run, **changes)]}, f)

    put()
    junit = os.path.join(TMP, "junit.xml")
    check(rivulet("test", program, "--junit", junit), 1, out=[r"FAILED .*: a & b", r"- \[3\]", r"\+ \[2\]", "0 of 1 runs passed"])
    text = open(junit).read()
    assert 'failures="1"' in text and 'name="a &amp; b"' in text, text
    assert json.loads(check(rivulet("test", program, "--json"), 1).out)["passed"] is False
    check(rivulet("test", program, "--update"), 0, err=["wrote"])
    seen = json.load(open(path))["runs"][0]
    assert seen == dict(run, responses=[[2]]) and list(seen)[:2] == ["name", "about"], seen
    check(rivulet("test", program), 0)
    check(rivulet("test", program, "--seed", "3", "--trace"), 0, out=["step 1: alice"])
    for changes, text in [({"args": {}}, "parameter `x` is missing"), ({"args": {"x": 1, "z": 2}}, "no parameter `z`"), ({"function": "g"}, "no function `g`"),
                          ({"respones": []}, "respones"), ({"services": [{"service": "s"}]}, r"services"), ({"order": "any"}, "order")]:
        put(**changes)
        check(rivulet("test", program), 2, err=text)
        assert json.loads(check(rivulet("test", program, "--json"), 2).out)["passed"] is False
    for changes, text in [({"services": [{"service": "s"}]}, r"runs\[0\]\.services\[0\]: expected"), ({"order": "any"}, r"runs\[0\]\.order: expected"), ({"name": 1}, "name: expected a text"),
                          ({"function": []}, "function: expected a text"), ({"unordered": "yes"}, "unordered: expected true or false"), ({"calls": {"alice": 1}}, r"calls\.alice: expected a list")]:
        put(**changes)
        check(rivulet("test", program), 2, err=text)
    for options, text in [({"noXor": 1}, "options.noXor: expected true"), ({"imports": "x"}, "options.imports: expected a list of texts"), ({"constants": [1]}, "options.constants: expected a list")]:
        with open(path, "w") as f:
            json.dump({"options": options, "runs": [run]}, f)
        check(rivulet("test", program), 2, err=text)
    # Runs of one name keep what is theirs; the file keeps its mode; a link to it stays one.
    with open(path, "w") as f:
        json.dump({"runs": [run, dict(run, args={"x": 5})]}, f)
    os.chmod(path, 0o600)
    real = write("real.json", "")
    os.rename(path, real)
    os.symlink(real, path)
    check(rivulet("test", program, "--update", "--seed", "3"), 2, err="--update goes with the runs' own order")
    check(rivulet("test", program, "--update"), 0)
    assert [r["responses"] for r in json.load(open(path))["runs"]] == [[[2]], [[6]]] and os.path.islink(path) and os.stat(real).st_mode & 0o777 == 0o600
    os.remove(path)
    put(name="]]> \ufffe \u0001 <\"'&", responses=[["]]>"]])
    check(rivulet("test", program, "--junit", junit), 1)
    case = xml.etree.ElementTree.parse(junit).find("testcase")
    assert case.get("name") == "]]> ? ? <\"'&" and "]]>" in case.find("failure").text, open(junit).read()
    os.symlink(".", os.path.join(folder("looped", {"x/y": ""}), "loop"))
    check(rivulet("test", os.path.join(TMP, "looped")), 2, err="there is no NAME.aqua")
    with open(path, "w") as f:
        f.write('{"runs": [}')
    check(rivulet("test", program), 2, err="scenario.json:1:11")
    check(rivulet("test", program, "--filter", "none"), 2)
    check(rivulet("test", TMP + "/nowhere.aqua"), 2)


def test_documents():
    check(rivulet("aqua", "doc", "examples/aqua/order.aqua"), 0, out=["# Order", "### price", r"\[Item\]\(#item\)"])
    doc = json.loads(check(rivulet("aqua", "doc", HELLO, "--json"), 0).out)
    assert doc["module"] == "Hello" and doc["functions"][0]["exported"] is True
    pages = os.path.join(TMP, "pages")
    check(rivulet("aqua", "doc", "examples/aqua/order.aqua", "examples/aqua/try.aqua", "-o", pages), 0)
    assert sorted(os.listdir(pages)) == ["README.md", "order.md", "try.md"]
    twice = [os.path.join(folder("pages-of", {"a/x.aqua": "aqua M\n", "b/x.aqua": "aqua M\n"}), d, "x.aqua") for d in "ab"]
    check(rivulet("aqua", "doc", *twice, "-o", os.path.join(TMP, "no-pages")), 2, err="two pages would be x.md")
    assert not os.path.exists(os.path.join(TMP, "no-pages"))
    assert json.loads(check(rivulet("aqua", "doc", "--json", write("undocumented.aqua", "aqua M\nfunc f(:\n")), 1).out)["error"]
    check(rivulet("aqua", "doc", write("undocumented.aqua", "aqua M\nfunc f(:\n")), 1, err="A01")


def test_formatting():
    ugly = write("ugly.aqua", "aqua M\nfunc f():\n  x=1 -- one\n")
    check(rivulet("aqua", "fmt", ugly, "--check"), 1, err="not laid out")
    check(rivulet("aqua", "fmt", ugly, "--diff"), 1, out=[r"- func f\(\):", r"\+ \n"])
    assert rivulet("aqua", "fmt", "-", stdin=open(ugly).read()).out == "aqua M\n\nfunc f():\n    x = 1  -- one\n"
    many = folder("ugly-programs", {"a.aqua": "aqua M\n", "below/b.aqua": "aqua M\nfunc f():\n  x=1\n"})
    check(rivulet("aqua", "fmt", many, "--check"), 1, err=r"b.aqua is not laid out")
    check(rivulet("aqua", "fmt", many), 0, err="laid out .*b.aqua")
    check(rivulet("aqua", "fmt", many, "--check"), 0)
    assert len(json.loads(check(rivulet("aqua", "doc", many, "--json"), 0).out)) == 2
    check(rivulet("aqua", "fmt", folder("no-programs", {"a.txt": "x"})), 2, err="there is no .aqua file in")
    check(rivulet("aqua", "fmt", ugly), 0)
    assert open(ugly).read() == "aqua M\n\nfunc f():\n    x = 1  -- one\n"
    check(rivulet("aqua", "fmt", ugly, "--check"), 0)
    broken = write("broken.aqua", "aqua M\nfunc f(:\n")
    check(rivulet("aqua", "fmt", broken), 1, err="A01")
    assert open(broken).read() == "aqua M\nfunc f(:\n"


def run_embedded():
    assert json.loads(check(rivulet("run", HELLO, "-f", 'hello("Ada")'), 0).out) == ["Hi, Ada"] * 2
    one = check(rivulet("run", HELLO, "-f", 'hello("Ada")', "--json"), 0)
    doc = json.loads(one.out)
    assert doc["answer"] == ["Hi, Ada"] * 2 and doc["error"] is None and doc["nodes"] == 3, doc
    assert len(doc["hops"]) >= 6 and doc["signatures_checked"] >= 4 and 0 < doc["time_us"] < 5_000_000, doc
    assert rivulet("run", HELLO, "-f", 'hello("Ada")', "--json").out == one.out  # the same to the byte
    five = json.loads(check(rivulet("run", HELLO, "-f", 'hello("x")', "--nodes", "5", "--json"), 0).out)
    assert len(five["hops"]) > len(doc["hops"]), five


def run_records():
    geo = os.path.join(SOURCE, "examples/geo/geo.aqua")
    meet = check(rivulet("run", geo, "-f", 'meet({"x": 0, "y": 0}, {"x": 6, "y": 8})'), 0)
    assert json.loads(meet.out) == {"at": {"x": 3, "y": 4}, "way": 5}, meet.out
    check(rivulet("run", geo, "-f", 'meet({"x": 0}, {"x": 6, "y": 8})'), 2, err="argument a.y is missing")


def run_reports_what_went_wrong():
    # Two peers cannot give two answers of neighbours: it waits until its time is over.
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--nodes", "2", "--ttl", "300"), 3, err=["did not answer in time", "300 ms"])
    doc = json.loads(check(rivulet("run", HELLO, "-f", 'hello("x")', "--nodes", "2", "--ttl", "300", "--json"), 3).out)
    assert doc["answer"] is None and "300 ms" in doc["error"]["message"], doc
    lost = write("lost.aqua", 'aqua Lost declares *\n\nexport f\n\nservice Gone("gone"):\n  do() -> string\n\nfunc f() -> string:\n  on HOST_PEER_ID:\n    x <- Gone.do()\n  <- x\n')
    check(rivulet("run", lost, "-f", "f()"), 1, err=["f failed", "gone", "on peer +12D3Koo"])
    doc = json.loads(check(rivulet("run", lost, "-f", "f()", "--json"), 1).out)
    assert doc["error"]["code"] == 10000 and doc["answer"] is None, doc


def run_bad_services():
    for bad, says in (("/etc/passwd", "not a wasm file"), ("/no/such.wasm", "cannot read"), (SOURCE, r"holds 0 sources of C or C\+\+")):
        check(rivulet("run", HELLO, "-f", 'hello("x")', "--service", "greeting=" + bad), 2, err=says)
    cut = os.path.join(TMP, "cut.wasm")
    whole = os.path.join(TMP, "whole.wasm")
    check(rivulet("module", "build", os.path.join(SOURCE, "examples/hello/greeting.c"), "-o", whole), 0)
    data = open(whole, "rb").read()
    for length in (4, 8, len(data) // 2, len(data) - 1):
        with open(cut, "wb") as f:
            f.write(data[:length])
        result = rivulet("run", HELLO, "-f", 'hello("x")', "--service", "greeting=" + cut, "--ttl", "300")
        assert result.code in (1, 2, 3) and result.err.startswith("error: "), result
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--service", "greeting"), 2, err="--service takes ID=FILE")


WORLD_C = r"""#include "marine.h"
#include <stdlib.h>
MARINE_RECORD(MountedBinaryResult, (i32 ret_code, string error, bytes out, bytes err))
MARINE_IMPORT("__marine_host_api_v3", record(MountedBinaryResult), tool, (array(string) args));
MARINE_EXPORT(u32, count, ())
{
    char  text[32] = "0";
    FILE *f = fopen("box/count", "r");
    if (f) fgets(text, sizeof text, f), fclose(f);
    u32 n = (u32)atoi(text) + 1;
    f = fopen("box/count", "w");
    if (!f) return 0;
    fprintf(f, "%u", (unsigned)n);
    fclose(f);
    return n;
}
MARINE_EXPORT(string, env, (string name)) { const char *v = getenv(name.ptr); return marine_text(v ? v : "(none)"); }
MARINE_EXPORT(string, run, (string script))
{
    marine_array_string args = marine_array_new(string, 2);
    args.ptr[0] = marine_text("-c");
    args.ptr[1] = script;
    MountedBinaryResult r = tool(args);
    return marine_format("%d %s", r.ret_code, r.error.len ? r.error.ptr : marine_format("%.*s", (int)r.out.len, (const char *)r.out.ptr).ptr);
}
static volatile u32 rounds;
MARINE_EXPORT(u32, spin, ()) { for (;;) rounds++; }
"""
WORLD_AQUA = """aqua World declares *

export count, env, run, spin

service W("My World"):
  count() -> u32
  env(name: string) -> string
  run(script: string) -> string
  spin() -> u32

func count() -> u32:
  on HOST_PEER_ID:
    x <- W.count()
  <- x
func env(name: string) -> string:
  on HOST_PEER_ID:
    x <- W.env(name)
  <- x
func run(script: string) -> string:
  on HOST_PEER_ID:
    x <- W.run(script)
  <- x
func spin() -> u32:
  on HOST_PEER_ID:
    x <- W.spin()
  <- x
"""


def world_service(node_keys):
    """A service in the original's configuration, and a rivulet.toml that names it."""
    folder = os.path.join(TMP, "world")
    os.makedirs(folder, exist_ok=True)
    source = write("world/world.c", WORLD_C)
    check(rivulet("module", "build", source, "-o", os.path.join(folder, "w.wasm")), 0)
    write("world/Config.toml", 'total_memory_limit = "64 MiB"\n[[module]]\nname = "w"\nmem_pages_count = 100\n[module.mounted_binaries]\ntool = "/bin/sh"\n'
          '[module.wasi]\nenvs = { FROM_CONFIG = "yes", service_id = "not this" }\nmapped_dirs = { box = "deep/box" }\n')
    toml = write("world.toml", '[[service]]\nid = "My World"\nconfig = "world/Config.toml"\nenvs = { FROM_NODE = "too" }\n[node]\n' + node_keys)
    return write("world.aqua", WORLD_AQUA), toml


def run_services_of_a_configuration():
    program, toml = world_service('mounted_binaries = ["/bin/sh"]\n')
    def answer(call):
        return json.loads(check(rivulet("run", program, "-f", call, "--config", toml), 0, err="Config.toml:4:1: 'mem_pages_count' is obsolete").out)
    assert answer("count()") == 1 and answer("count()") == 1  # folders of a run go with it
    assert answer('env("FROM_CONFIG")') == "yes" and answer('env("FROM_NODE")') == "too"
    assert answer('env("service_id")') == "My World"
    assert answer('env("HOME")') == "(none)"
    assert answer('run("echo $FROM_CONFIG-$service_id-$HOME; test -d deep/box && test $box = $PWD/deep/box && echo here")') == "0 yes-My World-\nhere\n"
    assert answer('run("exit 9")') == "9 "
    assert leftovers() == [], leftovers()
    doc = json.loads(check(rivulet("run", program, "-f", "count()", "--service", "My World=" + os.path.join(TMP, "world/Config.toml"), "--json"), 2).out)
    assert "may not run here" in doc["error"]["message"], doc


def run_programs_that_are_not_allowed():
    program, toml = world_service('mounted_binaries = ["/bin/true"]\n')
    check(rivulet("run", program, "-f", "count()", "--config", toml), 2,
          err=["module w mounts /bin/sh, which services may not run here", r'mounted_binaries = \["/bin/sh"\] in \[node\]'])
    for keys, says in (('mounted_binaries = ["sh"]', "whole paths"), ("mounted_binary = []", "did you mean 'mounted_binaries'")):
        program, toml = world_service(keys)
        check(rivulet("run", program, "-f", "count()", "--config", toml), 2, err=says)
    program, toml = world_service("")
    write("world/Config.toml", '[[module]]\nname = "w"\nlogger_enable = true\n')
    check(rivulet("run", program, "-f", "count()", "--config", toml), 2, err="world/Config.toml:3:1: unknown key 'logger_enable' in .*did you mean 'logger_enabled'")
    write("world/Config.toml", '[[module]]\nname = "w"\nfile_name = "gone.wasm"\n')
    check(rivulet("run", program, "-f", "count()", "--config", toml), 2, err="gone.wasm")


def slow_wasm(functions, steps):
    """A module that takes a compiler long, with the sections that a module of Marine must have."""
    def leb(n):
        out = b""
        while True:
            out += bytes([n & 127 | (128 if n > 127 else 0)])
            n >>= 7
            if not n:
                return out
    def section(number, body):
        return bytes([number]) + leb(len(body)) + body
    def custom(name, body):
        return section(0, leb(len(name)) + name + body)
    step = b"\x20\x00\x20\x01\x6c\x20\x02\x6a\x21\x00\x20\x00\x41\x07\x70\x20\x01\x6a\x21\x01\x20\x01\x20\x00\x73\x21\x02"
    body = b"\x01\x02\x7f" + step * steps + b"\x20\x00\x0b"
    code = leb(functions) + (leb(len(body)) + body) * functions
    return (b"\0asm\1\0\0\0" + section(1, b"\1\x60\1\x7f\1\x7f") + section(3, leb(functions) + b"\0" * functions) + section(10, code) +
            custom(b"__fluence_sdk_version", b"0.14.0") + custom(b"interface-types", b"\5\0060.27.0"))


def run_modules_that_are_slow_to_compile():
    """The compiler is a process of its own with a limit of processor time; here the limit is what this test sets. What is kept afterwards is used."""
    program, _ = world_service("")
    path = os.path.join(TMP, "slow.wasm")
    with open(path, "wb") as f:
        f.write(slow_wasm(80, 20000))
    command = [RIVULET, "run", program, "-f", "count()", "--service", "My World=" + path]
    env = dict(ENV, XDG_CACHE_HOME=os.path.join(TMP, "slow-cache"))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=120,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 2)))
    assert done.returncode == 2 and b"compiling it takes more than" in done.stderr, done
    with open(path, "wb") as f:
        f.write(slow_wasm(2, 100))
    for _ in range(2):  # compiled, then from the cache
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=120)
        assert done.returncode == 1 and b"function with name `count` is missing" in done.stderr, done
    assert len([n for n in os.listdir(os.path.join(TMP, "slow-cache/rivulet/code")) if len(n) == 64]) == 1
    with open(path, "wb") as f:
        f.write(slow_wasm(2, 100)[:-9] + b"wrong sec")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=120)
    assert done.returncode == 2 and b"slow.wasm cannot be used" in done.stderr, done  # told by the child


# ---- real nodes ----


def nodes_keep_files_of_services():
    program, toml = world_service('mounted_binaries = ["/bin/sh"]\ncall_max = 300\n')
    state = os.path.join(TMP, "world-state")
    for wanted in ((1, 2), (3, 4)):
        with node("--state", state, "--config", toml) as n:
            relay = n.addresses()[0]
            for value in wanted:
                assert json.loads(check(rivulet("run", program, "-f", "count()", "--relay", relay), 0).out) == value
            assert n.stop() == 0
    folders = os.listdir(os.path.join(state, "services"))
    assert len(folders) == 1 and folders[0].startswith("ID"), folders
    with open(os.path.join(state, "services", folders[0], "deep/box/count")) as f:
        assert f.read() == "4"
    shutil.rmtree(state)


def nodes_end_calls_that_last():
    """A call that loops is ended at the node's limit; others go on meanwhile and afterwards. What a program leaves dies with its node."""
    program, toml = world_service('mounted_binaries = ["/bin/sh"]\ncall_max = 300\n')
    with node("--config", toml) as n:
        relay = n.addresses()[0]
        began = time.time()
        check(rivulet("run", program, "-f", "spin()", "--relay", relay, "--ttl", "20000"), 1, err="deadline passed")
        assert time.time() - began < 10 * SLOW
        assert json.loads(check(rivulet("run", program, "-f", 'run("echo $$")', "--relay", relay), 0).out).startswith("0 ")
        assert n.stop() == 0
    program, toml = world_service('mounted_binaries = ["/bin/sh"]\n')
    with node("--config", toml) as n:
        relay = n.addresses()[0]
        with Running("run", program, "-f", 'run("sleep 300 & sleep 300")', "--relay", relay, "--ttl", "60000"):
            until = time.time() + 20 * SLOW
            while len(children_of(n.process.pid)) < 1 and time.time() < until:
                time.sleep(0.05)
            time.sleep(0.3)
            seen = [pid for child in children_of(n.process.pid) for pid in [child, *children_of(child), *[g for c in children_of(child) for g in children_of(c)]]]
            assert len(seen) >= 3, seen
            n.process.kill()
            n.process.wait()
        until = time.time() + 10 * SLOW
        while any(alive(pid) for pid in seen) and time.time() < until:
            time.sleep(0.02)
        assert not any(alive(pid) for pid in seen), seen
    for name in leftovers():
        shutil.rmtree(os.path.join(TMP, name))


def nodes_answer_through_a_relay():
    nodes, addresses = three_nodes()
    try:
        for address in addresses:
            assert re.fullmatch(r"/ip4/127\.0\.0\.1/tcp/[1-9]\d*/p2p/12D3Koo\w+", address), address
        for round in range(3):
            result = check(rivulet("run", HELLO, "-f", 'hello("Bo%d")' % round, "--relay", addresses[round]), 0)
            assert json.loads(result.out) == ["Hi, Bo%d" % round] * 2, result
        doc = json.loads(check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", addresses[0], "--json"), 0).out)
        assert doc["network"] == "real" and doc["relay"] == addresses[0] and doc["signatures_checked"] > 0, doc
        for n, number in zip(nodes, (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)):
            assert n.stop(number) == 0
            for line in n.text[n.process.stderr].decode().splitlines():
                record = json.loads(line)
                assert record["ts"] > 1_600_000_000_000_000 and record["event"] and record["level"], line
                assert "peer" in record or record["event"] == "cli.note", line
    finally:
        for n in nodes:
            n.__exit__()


def nodes_keep_their_identity():
    state = os.path.join(TMP, "state")
    with node("--state", state) as n:
        first = n.addresses()[0]
        check(rivulet("node", "--state", state), 4, err=["in use by another process", "pid %d" % n.process.pid])
        assert n.stop() == 0
    assert os.stat(os.path.join(state, "key")).st_mode & 0o777 == 0o600
    with node("--state", state) as n:
        assert n.addresses()[0].split("/p2p/")[1] == first.split("/p2p/")[1]
    shutil.rmtree(state)


def nodes_take_a_port_once():
    with node() as n:
        address = n.addresses()[0].split("/p2p/")[0]
        check(rivulet("node", "--listen", address), 4, err="cannot listen at .*address already in use")


def nodes_up():
    with Running("up", "--nodes", "3", "--config", HELLO_TOML) as up:
        addresses = up.addresses(3)
        assert len(leftovers()) == 1
        for _ in range(50):  # they find each other
            result = rivulet("run", HELLO, "-f", 'hello("up")', "--relay", addresses[1], "--ttl", "1000")
            if result.code == 0:
                break
        assert json.loads(result.out) == ["Hi, up"] * 2, result
        assert up.stop(signal.SIGINT) == 0
    assert leftovers() == []


def nodes_up_leaves_nothing_behind():
    for delay in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1):
        with Running("up", "--nodes", "4") as up:
            time.sleep(delay * SLOW)
            assert up.stop(signal.SIGINT) in (0, 130, -signal.SIGINT)
        assert leftovers() == [], delay


def nodes_build_is_interrupted():
    source = write("long.c", '#include <stdio.h>\n' + "".join("int f%d(int x) { return printf(\"%%d\", x + %d); }\n" % (i, i) for i in range(20000)))
    with Running("module", "build", source, "-o", os.path.join(TMP, "long.wasm")) as build:
        build.read(lambda b: b"building" in b.text[b.process.stderr])
        time.sleep(0.1)
        for pid in children_of(build.process.pid):
            os.kill(pid, signal.SIGINT)  # as a terminal does: to all of the group
        assert build.stop(signal.SIGINT) == 130
    assert leftovers() == []


# ---- crash ----


def crash_killed_node_comes_back():
    state = os.path.join(TMP, "crash")
    with node("--config", HELLO_TOML) as a, node("--config", HELLO_TOML) as b:
        addresses = a.addresses() + b.addresses()
        c = node("--config", HELLO_TOML, "--state", state, "--peer", addresses[0], "--peer", addresses[1])
        port = c.addresses()[0].split("/tcp/")[1].split("/")[0]
        identity = c.addresses()[0].split("/p2p/")[1]
        for round in range(4):
            c.wait_log("peer.connected", 2)
            a.wait_log("peer.connected", 1)
            result = check(rivulet("run", HELLO, "-f", 'hello("%d")' % round, "--relay", c.addresses()[0]), 0)
            assert json.loads(result.out) == ["Hi, %d" % round] * 2, result
            client = subprocess.Popen([RIVULET, "run", HELLO, "-f", 'hello("x")', "--relay", c.addresses()[0]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE, env=ENV)
            time.sleep(0.01 * round)  # somewhere in the middle of a particle
            c.process.kill()
            c.process.communicate()
            client.kill()
            client.communicate()
            c = Running("node", "--listen", "/ip4/127.0.0.1/tcp/" + port, "--log-level", "info", "--log-format", "json", "--config", HELLO_TOML, "--state", state,
                        "--peer", addresses[0], "--peer", addresses[1])
            assert c.addresses()[0].split("/p2p/")[1] == identity
        assert c.stop() == 0
    shutil.rmtree(state)


def again(n, *args):
    """The same node once more, at the same port."""
    address = n.addresses()[0].split("/p2p/")[0]
    return Running("node", "--listen", address, "--log-level", "info", "--log-format", "json", *args)


def crash_particle_survives_its_relay():
    """The relay has taken a particle that it cannot pass on yet, and is killed. What it has acknowledged must go on after its restart."""
    far = write("far.aqua", 'aqua Far declares *\n\nexport far\n\nservice Op("op"):\n  identity(s: string) -> string\n\n'
                'func far(peer: string, s: string) -> string:\n  on peer via HOST_PEER_ID:\n    x <- Op.identity(s)\n  <- x\n')
    b_state, a_state = os.path.join(TMP, "b"), os.path.join(TMP, "a")
    with node("--state", b_state) as b:
        b_address = b.addresses()[0]
        assert b.stop() == 0
        with node("--state", a_state, "--peer", b_address) as a:
            a_address = a.addresses()[0]
            with Running("run", far, "-f", 'far("%s", "still here")' % b_address.split("/p2p/")[1], "--relay", a_address, "--ttl", "40000") as client:
                a.wait_log("particle.run")
                a.process.kill()
                a.process.communicate()
                with again(a, "--state", a_state, "--peer", b_address) as a2:
                    a2.addresses()
                    with again(b, "--state", b_state) as b2:
                        b2.wait_log("particle.received")
                        client.read(lambda c: c.process.poll() is not None, 30)
                        client.stop()
                        assert client.process.returncode == 0, client.text
                        assert json.loads(client.text[client.process.stdout]) == "still here", client.text
    shutil.rmtree(a_state)
    shutil.rmtree(b_state)


def crash_disk_is_full():
    """A node that cannot keep its state says so and stops, instead of acting on what it would forget."""
    state = os.path.join(TMP, "full")
    os.makedirs(state)
    with open(os.path.join(state, "key"), "w") as f:
        f.write("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
    os.chmod(os.path.join(state, "key"), 0o600)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (48 << 10, 48 << 10))
    n = Running("node", "--state", state, "--log-format", "json", preexec=limit)
    with n:
        address = n.addresses()[0]
        echo = write("echo.aqua", 'aqua Echo declares *\n\nexport echo\n\nservice Op("op"):\n  identity(s: string) -> string\n\n'
                     'func echo(s: string) -> string:\n  on HOST_PEER_ID:\n    x <- Op.identity(s)\n  <- x\n')
        codes = []
        for _ in range(20):
            codes.append(rivulet("run", echo, "-f", 'echo("%s")' % ("x" * 2000), "--relay", address, "--ttl", "2000").code)
            if n.process.poll() is not None:
                break
        assert n.stop() == 4, (codes, n.text)
        assert b"cannot write the state: File too large" in n.text[n.process.stderr], n.text
        assert codes[-1] == 3 and codes == sorted(codes) and set(codes) <= {0, 3}, codes
    shutil.rmtree(state)


# ---- relay: addresses that lead nowhere ----


def relay_wrong_addresses():
    for address, says in (("abc", "is wrong"), ("/ip4/127.0.0.1/tcp/1", "lacks the peer's id"), ("/ip4/1.2.3/tcp/1/p2p/" + PEER, "is wrong"),
                          ("/ip4/127.0.0.1/udp/1/p2p/" + PEER, "lacks"), ("/ip4/127.0.0.1/tcp/99999/p2p/" + PEER, "is wrong")):
        check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", address), 2, err=says)


def relay_dead():
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", "/ip4/127.0.0.1/tcp/1/p2p/" + PEER), 3, err=["cannot reach the relay", "connection refused", "hint"])
    doc = json.loads(check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", "/ip4/127.0.0.1/tcp/1/p2p/" + PEER, "--json"), 3).out)
    assert doc["answer"] is None and "connection refused" in doc["error"]["message"], doc
    check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", "/dns/no-such-host.invalid/tcp/1/p2p/" + PEER), 3, err="cannot reach the relay")


def relay_that_is_none():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        began = time.time()
        check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", "/ip4/127.0.0.1/tcp/%d/p2p/%s" % (port, PEER)), 3, err="does not speak libp2p")
        assert time.time() - began < 10 * SLOW


def relay_with_another_identity():
    with node() as n:
        address = n.addresses()[0].split("/p2p/")[0] + "/p2p/" + PEER
        check(rivulet("run", HELLO, "-f", 'hello("x")', "--relay", address), 3, err="cannot reach the relay")


# ---- demo ----


def demo_shows_the_way():
    result = check(rivulet("demo"), 0, out=[r'\["Hi, Rivulet","Hi, Rivulet"\]', r"client +(→|->) +relay", r"relay +(→|->) +peer [23]", "signatures checked", "Try next"])
    assert result.err.count("error") == 0, result
    doc = json.loads(check(rivulet("demo", "--json", "--name", "Eve"), 0).out)
    assert doc["answer"] == ["Hi, Eve"] * 2 and len(doc["hops"]) >= 6 and doc["signatures_checked"] >= 4, doc
    peers = {h["from"] for h in doc["hops"]} | {h["to"] for h in doc["hops"]}
    assert len(peers) == 4, peers
    assert leftovers() == []
    os.makedirs(os.path.join(TMP, "nothing"), exist_ok=True)
    check(rivulet("demo", os.path.join(TMP, "nothing")), 2, err="there is no .aqua file")
    check(rivulet("demo", "/no/folder"), 2, err="cannot read the folder")


def demo_leaves_nothing_behind():
    for number, delay in ((signal.SIGINT, 0.02), (signal.SIGINT, 0.06), (signal.SIGTERM, 0.1), (signal.SIGINT, 0.15), (signal.SIGKILL, 0.1)):
        process = subprocess.Popen([RIVULET, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE, env=ENV)
        seen = set()
        until = time.time() + delay
        while time.time() < until:
            seen.update(children_of(process.pid))
        process.send_signal(number)
        process.communicate(timeout=20 * SLOW)
        if number != signal.SIGKILL:
            assert process.returncode in (0, 130, -number), process.returncode  # -number: before it had begun
            assert leftovers() == [], leftovers()
        until = time.time() + 5 * SLOW
        while any(alive(pid) for pid in seen) and time.time() < until:
            time.sleep(0.01)
        assert not any(alive(pid) for pid in seen), seen
        for name in leftovers():
            shutil.rmtree(os.path.join(TMP, name))


def play(tests):
    groups = sys.argv[3:]
    failed = played = 0
    for name, test in tests:
        if groups and name.split("_")[0] not in groups and name not in groups:
            continue
        began = time.time()
        played += 1
        try:
            test()
            print("ok      %-36s %.2f s" % (name, time.time() - began), flush=True)
        except Exception as error:  # an assertion, or the test's own slip: both are shown
            failed += 1
            print("FAILED  %s\n%s: %s" % (name, type(error).__name__, error), flush=True)
    shutil.rmtree(TMP, ignore_errors=True)
    sys.exit(1 if failed or not played else 0)  # a group without tests is a slip of its name


if __name__ == "__main__":
    play([(n, f) for n, f in list(globals().items()) if callable(f) and re.match(r"(usage|compile|tools|test|run|nodes|crash|relay|demo)_", n)])
