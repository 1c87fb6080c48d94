#!/usr/bin/env python3
"""The market's commands against a chain that this program starts. market.py RIVULET SOURCE_DIR [TEST...]; python3's standard library only."""
import pty
import urllib.request

from e2e import *

APP = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
ADA, BOB, EVE = "1", "2", "3"  # development accounts: provider, customer, somebody else
DAY = 86400


class Chain:
    """A chain whose epochs are days: it stays in an epoch until the test moves its time."""

    def __enter__(self):
        self.running = Running("chain", "start", "--listen", "127.0.0.1:0", "--epoch", str(DAY), "--proof-bits", "1")
        self.url = self.running.addresses()[0]
        return self

    def __exit__(self, *ignored):
        assert self.running.stop() == 0

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as reply:
            answer = json.load(reply)
        assert "error" not in answer, answer
        return answer["result"]

    def epochs(self, n):
        self.ask("evm_increaseTime", n * DAY)
        self.ask("evm_mine")

    def run(self, *args, code=0, err=None, who=None, cwd=None):
        flags = ["--chain", self.url] + (["--key", who, "--yes"] if who else [])
        return check(rivulet(*args, *flags, cwd=cwd or TMP, timeout=120 * SLOW), code, err=err)

    def json(self, *args, who=None, cwd=None):
        return json.loads(self.run(*args, "--json", who=who, cwd=cwd).out)

    def usd(self, account):
        data = "0x70a08231" + account[2:].lower().rjust(64, "0")
        return int(self.ask("eth_call", {"to": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "data": data}, "latest"), 16)


def address(who):
    return re.search(r"address +(\S+)", check(rivulet("key", "show", who), 0).out).group(1)


def folder(name, peers=2, units=2, price="0.01"):
    path = os.path.join(TMP, name)
    os.mkdir(path)
    check(rivulet("provider", "init", "--name", name, "--peers", str(peers), "--units", str(units), "--price", price, cwd=path), 0)
    return path


def committed(chain, name, **what):
    """A provider whose units may be rented."""
    cwd = folder(name, **what)
    for step in "register", "offer", "commit":
        chain.run("provider", step, who=ADA, cwd=cwd)
    chain.epochs(1)
    return cwd


# ---- keys ----

def market_wallets():
    path = os.path.join(TMP, "wallet")
    made = re.search(r"address +(0x\w{40})\n", check(rivulet("key", "new", "--wallet", path), 0).out).group(1)
    assert os.stat(path).st_mode & 0o777 == 0o600 and re.fullmatch(r"0x[0-9a-f]{64}\n", open(path).read())
    assert made in check(rivulet("key", "show", path), 0).out
    check(rivulet("key", "new", "--wallet", path), 4, err="never overwritten")
    again = os.path.join(TMP, "wallet2")
    assert made in check(rivulet("key", "import", again, stdin=open(path).read()), 0).out
    check(rivulet("key", "import", again, stdin=open(path).read()), 4, err="never overwritten")
    check(rivulet("key", "import", os.path.join(TMP, "w3"), stdin="0x12"), 2, err="no key of an account")
    assert not os.path.exists(os.path.join(TMP, "w3"))
    assert address("0") == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    os.chmod(path, 0o644)
    check(rivulet("key", "show", path), 0, err="others may read")
    secret = json.loads(check(rivulet("key", "new", "--wallet", "--json"), 0).out)
    assert re.fullmatch(r"0x[0-9a-f]{64}", secret["secret"]) and secret["address"].startswith("0x")


# ---- what goes wrong ----

def market_no_chain():
    check(rivulet("deal", "list", "--chain", "http://127.0.0.1:1"), 3, err=["no chain answers", "hint: "])
    check(rivulet("deal", "list", "--chain", "ftp://x"), 2, err="no address of a chain")
    check(rivulet("deal", "list", "--json", "--chain", "http://127.0.0.1:1"), 3, out='"error"')
    check(rivulet("provider", "status", "nowhere.toml"), 2, err=["there is no nowhere.toml", "provider init"])
    check(rivulet("deal", "stop", "0x" + "1" * 40), 2, err=["whose transaction", "key new --wallet"])
    check(rivulet("deal", "stop", "0x" + "1" * 40, "--key", "no-such-file"), 2, err="no-such-file")


def market_refusals():
    with Chain() as chain:
        cwd = folder("refused")
        chain.run("provider", "offer", who=ADA, cwd=cwd, code=1, err=["the chain would refuse this: Provider doesn't exist", "nothing was sent"])
        chain.run("provider", "commit", who=ADA, cwd=cwd, code=1, err="is not offered yet")
        chain.run("deal", "info", "0x" + "1" * 40, code=1, err="there is no deal at")
        chain.run("deal", "info", "0x12", code=2, err="is no address")
        chain.run("deal", "create", "--app", "x", "--price", "1", who=BOB, code=2, err="is no content id")
        chain.run("deal", "create", "--app", APP, "--price", "0.0000001", who=BOB, code=2, err="--price: .*more than 6 places")
        chain.run("deal", "create", "--app", APP, "--price", "1", "--deposit", "1", who=BOB, code=1, err="Deposit amount is less than minimum required")
        chain.run("deal", "create", "--app", APP, "--price", "1", "--allow", address(ADA), "--deny", address(EVE), who=BOB, code=2, err="one of them")
        done = rivulet("provider", "register", "--chain", chain.url, "--key", ADA, cwd=cwd)  # nobody to ask
        check(done, 2, err=["setProviderInfo of Market", 'name +"refused"', "gas +\\d+", "nothing was sent", "--yes"])
        assert chain.ask("eth_getTransactionCount", address(ADA), "latest") == "0x0"
        assert chain.json("deal", "list") == []


def on_terminal(answer, *args, cwd):
    """What somebody at a terminal sees, and the exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(RIVULET, [RIVULET, *args], ENV)
    out = b""
    while b"[y/N]" not in out:
        out += os.read(fd, 4096)
    os.write(fd, answer)
    try:
        while step := os.read(fd, 4096):
            out += step
    except OSError:  # Linux tells the end so
        pass
    os.close(fd)
    return out.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def market_asks_before_it_sends():
    with Chain() as chain:
        cwd = folder("asked")
        for answer, code, says, count in (b"n\n", 1, "nothing was sent", "0x0"), (b"\n", 1, "nothing was sent", "0x0"), (b"y\n", 0, "in block 1", "0x1"):
            out, got = on_terminal(answer, "provider", "register", "--key", ADA, "--chain", chain.url, cwd=cwd)
            assert got == code and says in out, (got, out)
            assert chain.ask("eth_getTransactionCount", address(ADA), "latest") == count


# ---- lives ----

def market_a_deal():
    """Offered, ordered, matched, paid for two epochs, stopped: every cent is somewhere."""
    with Chain() as chain:
        cwd = committed(chain, "life")
        before = {who: chain.usd(address(who)) for who in (ADA, BOB)}
        made = chain.json("deal", "create", "--app", APP, "--price", "0.02", "--workers", "2", "--epochs", "5", "--match", who=BOB)
        deal = made["deal"]
        assert [t["function"] for t in made["transactions"]] == ["approve", "deployDeal", "matchDeal"] and all(t["ok"] for t in made["transactions"])
        info = chain.json("deal", "info", deal)
        assert (info["status"], info["balance"], len(info["units"]), info["workers"]) == ("too few workers", "0.2 USD", 2, 0), info
        assert len({u["peer"] for u in info["units"]}) == 2 and "worker" not in info["units"][0], info
        chain.run("deal", "match", deal, who=EVE, code=1, err="Matcher: sender is not deal owner")
        done = chain.json("provider", "work", who=ADA, cwd=cwd)
        assert [t["function"] for t in done["transactions"]] == ["setWorker"] * 2
        assert chain.json("provider", "work", who=ADA, cwd=cwd) == {}  # nothing is left to do
        info = chain.json("deal", "info", deal)
        assert info["status"] == "active" and info["workers"] == 2 and info["paid_until_epoch"] == info["epoch"] + 4, info
        chain.epochs(2)  # 2 workers, 2 epochs, 0.02 USD
        info = chain.json("deal", "info", deal)
        assert info["balance"] == "0.12 USD" and [u["earned"] for u in info["units"]] == ["0.04 USD"] * 2, info
        status = chain.json("provider", "status", cwd=cwd)
        assert [u.get("reward") for p in status["peers"] for u in p["units"] if "deal" in u] == ["0.04 USD"] * 2, status
        taken = chain.json("provider", "rewards", who=ADA, cwd=cwd)
        assert [t["function"] for t in taken["transactions"]] == ["withdrawRewards"] * 2, taken
        assert chain.usd(address(ADA)) == before[ADA] + 80000
        chain.run("deal", "deposit", deal, "0.5", who=BOB)
        chain.run("deal", "withdraw", deal, "100", who=BOB, code=1, err="the chain would refuse this: Panic 0x11")
        chain.run("deal", "withdraw", deal, "0.54", who=BOB)  # 0.62 less two epochs' worth
        chain.run("deal", "withdraw", deal, "0.01", who=BOB, code=1, err="Free balance needs to cover")
        chain.run("deal", "stop", deal, who=BOB)
        assert chain.json("deal", "info", deal)["status"] == "ended"
        chain.epochs(3)
        chain.run("provider", "leave", deal, who=ADA, cwd=cwd)
        rest = chain.json("deal", "info", deal)["balance"]
        assert rest == "0.04 USD", rest
        chain.run("deal", "withdraw", deal, "0.04", who=BOB)
        assert chain.usd(address(ADA)) == before[ADA] + 120000 and chain.usd(address(BOB)) == before[BOB] - 120000
        assert chain.usd(deal) == 0


def market_a_job_is_picked_up():
    with Chain() as chain:
        cwd = committed(chain, "picker", peers=1)
        deal = chain.json("deal", "create", "--app", APP, "--price", "0.05", who=BOB)["deal"]
        chain.run("provider", "pickup", deal, who=ADA, cwd=cwd, code=1, err="Deal is not published")
        chain.run("deal", "publish", deal, who=BOB)
        assert [d["deal"] for d in chain.json("deal", "list", "--published")] == [deal]
        chain.run("provider", "pickup", deal, who=ADA, cwd=cwd)
        info = chain.json("deal", "info", deal)
        assert [u["provider"] for u in info["units"]] == [address(ADA)], info
        chain.run("provider", "pickup", deal, who=ADA, cwd=cwd, code=1, err="no peer of this file")
        assert [d["deal"] for d in chain.json("deal", "list", "--owner", address(BOB))] == [deal]
        assert chain.json("deal", "list", "--owner", address(EVE)) == []


def market_an_offer_follows_its_file():
    with Chain() as chain:
        cwd = folder("changing", peers=1, units=1)
        for step in "register", "offer":
            chain.run("provider", step, who=ADA, cwd=cwd)
        check(chain.run("provider", "offer", who=ADA, cwd=cwd), 0, err="as the file says")
        path = os.path.join(cwd, "provider.toml")
        text = open(path).read().replace('"0.01"', '"0.03"').replace("units = 1", "units = 3")
        check(rivulet("key", "new", os.path.join(cwd, "peer-2.key")), 0)
        write(path, text + '\n[[peer]]\nkey = "peer-2.key"\nunits = 2\n')
        done = chain.json("provider", "offer", who=ADA, cwd=cwd)
        functions = [t["function"] for t in done["transactions"]]
        assert functions == ["changeMinPricePerWorkerEpoch", "addComputePeers", "addComputeUnits"], functions
        status = chain.json("provider", "status", cwd=cwd)
        assert [len(p["units"]) for p in status["peers"]] == [3, 2] and len({p["offer"] for p in status["peers"]}) == 1, status
        chain.run("provider", "register", who=EVE, cwd=cwd)
        chain.run("provider", "commit", who=EVE, cwd=cwd, code=1, err="Only provider can create capacity commitment")


def market_proofs():
    """Found by RandomX, taken by the chain."""
    with Chain() as chain:
        cwd = committed(chain, "prover", peers=1, units=1)
        prover = Running("provider", "prove", "--light", "--chain", chain.url, "--key", ADA, "--yes", cwd=cwd)
        with prover:
            prover.read(lambda r: b"in block" in r.text[r.process.stderr], seconds=90)
            assert prover.stop(signal.SIGINT) == 0
            out = prover.text[prover.process.stdout]
            assert re.search(rb"proofs submitted: [1-9]\d*; \d+ hashes at", out), out
        assert chain.json("provider", "status", cwd=cwd)["peers"][0]["commitment"]["status"] == "active"


def market_demo():
    """The second part of `make run`: what Bob pays, Ada and the deal have."""
    done = check(rivulet("demo", "--market", cwd=TMP, timeout=60 * SLOW), 0, out=["offer 2 units on 2 peers for 0.01 USD", "epoch 4", "Ada earned 0.08 USD in two epochs"])
    change = {name: sign + amount for name, sign, amount in re.findall(r"^  (\S.*?) {2,}\S+ USD +([-+ ]?)([0-9.]+) USD$", done.out, re.M)}
    assert {k: v.strip() for k, v in change.items()} == {"Bob": "-0.2", "the deal": "+0.12", "Ada": "+0.08", "together": "0"}, (change, done.out)


if __name__ == "__main__":
    play([(n, f) for n, f in list(globals().items()) if callable(f) and n.startswith("market_")])
