"""run.py PEER DRIVER BUILD_DIR: interop of riv_p2p (through p2p_driver) with js-libp2p or go-libp2p over loopback, both ways.

Installs or builds the peer once into BUILD_DIR. A missing tool is a failure; RIV_SKIP_INTEROP=1 skips (exit code 77)."""

import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = ["identify", "ping", "unknown", "echo", "streams", "particles", "ping again"]
TIMEOUT_S = 120


def fail(what):
    print("FAILED:", what)
    sys.exit(1)


def prepare(name, build_dir, files, command, env=None):
    """Copies the files into a folder of their own and runs command there, unless that was done for the same contents."""
    folder = os.path.join(build_dir, name)
    stamp = os.path.join(folder, "prepared")
    digest = hashlib.sha256(b"".join(open(os.path.join(HERE, name, f), "rb").read() for f in files)).hexdigest()
    if os.path.exists(stamp) and open(stamp).read() == digest:
        return folder
    if not shutil.which(command[0]):
        fail(f"{command[0]} is not installed (RIV_SKIP_INTEROP=1 skips this test)")
    os.makedirs(folder, exist_ok=True)
    for f in files:
        shutil.copy(os.path.join(HERE, name, f), folder)
    done = subprocess.run(command, cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        fail(f"{' '.join(command)}:\n{done.stdout}")
    with open(stamp, "w") as out:
        out.write(digest)
    return folder


def peer_js(build_dir):
    folder = prepare("js", build_dir, ["package.json", "package-lock.json", "peer.mjs"], ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    return ["node", os.path.join(folder, "peer.mjs")]


def peer_go(build_dir):
    folder = prepare("go", build_dir, ["go.mod", "go.sum", "main.go"], ["go", "build", "-o", "p2p_go", "."], {"GOFLAGS": "-buildvcs=false"})
    return [os.path.join(folder, "p2p_go")]


class Listener:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening "):
            fail(f"{command} said {line!r}")
        self.addr = line.split()[1]

    def end(self):
        """Closes its standard input; what it printed, without bare event noise."""
        rest, _ = self.process.communicate(timeout=TIMEOUT_S)
        if self.process.returncode:
            fail(f"the listener ended with {self.process.returncode}")
        return rest


def dial(who, command):
    print(f"-- {who}")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
    print(done.stdout, end="")
    passed = [line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")]
    if done.returncode or passed != CHECKS:
        fail(f"{who}: exit code {done.returncode}, passed {passed}")


def main():
    peer, driver, build_dir = sys.argv[1:4]
    if os.environ.get("RIV_SKIP_INTEROP") == "1":
        sys.exit(77)
    command, agent = {"js": (peer_js, "js-libp2p"), "go": (peer_go, "go-interop")}[peer]
    command = command(os.path.abspath(build_dir))

    theirs = Listener(command + ["listen"])
    dial(f"ours dials {peer}", [driver, "dial", "1", theirs.addr, agent])
    theirs.end()

    ours = Listener([driver, "listen", "2"])
    dial(f"{peer} dials ours", command + ["dial", ours.addr])
    said = ours.end()
    if "identified" not in said or agent not in said:
        fail(f"our listener did not identify the dialer: {said}")
    if "particles 1301" not in said:
        fail(f"our listener did not get all particles: {said}")


main()
