#!/usr/bin/env python3
"""The market's commands against a chain that this program starts. market.py RIVULET SOURCE_DIR [TEST...]; python3's standard library only."""
import decimal
import pty
import urllib.request

from e2e import *

APP = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
CODE = "bafkreieqrlo72jnkhcukk44zls26vb74kqfh7ykfnmwmszabydofmdy2fi"
ADA, BOB, EVE = "1", "2", "3"  # development accounts: provider, customer, somebody else
DAY = 86400
PROOFS_OF = "c300fe63"  # the selector of proofsOf(bytes32,uint256): given, verified
CAPACITY = "0xc6e7DF5E7b4f2A278906862b61205850344D4e7d"


def post(url, **document):
    request = urllib.request.Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60 * SLOW) as reply:
        return json.load(reply)


def wait_until(done, seconds=20):
    until = time.time() + seconds * SLOW
    while not done():
        assert time.time() < until, "it does not happen"
        time.sleep(0.05)


class Chain:
    """A chain whose epochs are days: it stays in an epoch until the test moves its time."""

    def __init__(self, *flags, epoch_s=DAY):
        self.flags = ["--epoch", str(epoch_s), "--proof-bits", "1", *(["--listen", "127.0.0.1:0"] if "--listen" not in flags else []), *flags]

    def start(self):
        self.running = Running("chain", "start", *self.flags)
        self.url = self.running.addresses()[0]

    def crash(self):
        assert self.running.stop(signal.SIGKILL) == -signal.SIGKILL

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *ignored):
        assert self.running.stop() == 0

    def ask(self, method, *params):
        answer = post(self.url, jsonrpc="2.0", id=1, method=method, params=params)
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

    def flt(self, account):
        return int(self.ask("eth_getBalance", account, "latest"), 16)

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
        half = chain.run("deal", "create", "--app", APP, "--price", "1", "--match", "--json", who=BOB, code=1, err="MinWorkersNotMatched")  # it was made and paid
        half = json.loads(half.out)
        assert [t["function"] for t in half["transactions"]] == ["approve", "deployDeal"] and "MinWorkersNotMatched" in half["error"], half
        assert [d["deal"] for d in chain.json("deal", "list")] == [half["deal"]]


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
        assert chain.json("provider", "work", who=ADA, cwd=cwd) == {"transactions": []}  # nothing is left to do
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
        chain.run("provider", "offer", who=EVE, cwd=cwd, code=1, err="the offer of these peers is %s's" % address(ADA))
        chain.run("provider", "commit", who=EVE, cwd=cwd, code=1, err="Only provider can create capacity commitment")


# ---- lives by hand ----

def market_units_by_hand():
    """A customer chooses units, changes what they run and who may come, and sends one away."""
    with Chain() as chain:
        cwd = committed(chain, "by-hand")
        offers = chain.json("deal", "offers")
        assert [(o["price"], o["units"], len(o["free_units"])) for o in offers] == [("0.01 USD", 4, 4)], offers
        assert chain.json("deal", "offers", "--price", "0.005") == []
        one, _, three, _ = offers[0]["free_units"]  # of two peers
        deal = chain.json("deal", "create", "--app", APP, "--price", "0.02", "--workers", "2", "--deny", address(EVE), who=BOB)["deal"]
        chain.run("deal", "match", deal, "--unit", "0x" + "1" * 64, who=BOB, code=1, err=["Compute unit doesn't exist", "deal offers"])
        chain.run("deal", "match", deal, "--unit", "12", who=BOB, code=2, err="is no id of a unit")
        chain.run("deal", "match", deal, "--unit", three, "--unit", one, who=BOB)
        chain.run("provider", "work", who=ADA, cwd=cwd)
        info = chain.json("deal", "info", deal)
        assert {u["id"] for u in info["units"]} == {one, three} and {u["provider_name"] for u in info["units"]} == {"by-hand"}, info
        assert info["access"] == {"type": "deny", "providers": [address(EVE)]} and info["paid_until_epoch"] == info["epoch"] + 9, info
        start = int(chain.ask("eth_getBlockByNumber", "0x0", False)["timestamp"], 16)
        assert info["paid_until_s"] == start + info["paid_until_epoch"] * DAY, (info, start)
        assert len(chain.json("deal", "offers")[0]["free_units"]) == 2
        check(chain.run("deal", "info", deal), 0, out=["everybody but " + address(EVE), r"to the end of epoch 11, that is \d{4}-", "of +%s by-hand" % address(ADA)])
        chain.run("deal", "app", deal, CODE, who=EVE, code=1, err=["is %s's, and you are %s" % (address(BOB), address(EVE)), "hint: "])
        chain.run("deal", "app", deal, CODE, who=BOB)
        chain.run("deal", "access", deal, "--type", "allow", "--add", address(ADA), "--remove", address(EVE), who=BOB)
        chain.run("deal", "access", deal, who=BOB, code=2, err="says what is to change")
        chain.run("deal", "access", deal, "--type", "some", who=BOB, code=2, err="--type is all, allow or deny")
        chain.epochs(1)
        chain.run("deal", "remove", deal, one, who=BOB)
        chain.run("deal", "remove", deal, one, who=BOB, code=1, err=["is not in this deal", "deal info"])
        info = chain.json("deal", "info", deal)
        assert info["app"] == CODE and info["access"] == {"type": "allow", "providers": [address(ADA)]}, info
        assert [u["id"] for u in info["units"]] == [three] and info["status"] == "too few workers", info
        chain.run("deal", "publish", deal, who=BOB)
        chain.run("deal", "unpublish", deal, who=BOB)
        chain.run("provider", "pickup", deal, who=ADA, cwd=cwd, code=1, err=["Deal is not published", "only its owner can"])


def market_an_offer_shrinks_and_goes():
    """What the file no longer has goes when it is told to; close takes the rest; effectors follow the file."""
    with Chain() as chain:
        cwd = folder("shrinking", peers=2, units=3)
        for step in "register", "offer":
            chain.run("provider", step, who=ADA, cwd=cwd)
        path = os.path.join(cwd, "provider.toml")
        text = open(path).read()
        for effectors, functions in ([APP, CODE], ["addEffector"]), ([CODE], ["removeEffector"]), ([CODE], []), ([APP], ["addEffector", "removeEffector"]):
            write(path, text.replace("effectors = []", "effectors = " + json.dumps(effectors)))
            done = chain.json("provider", "offer", who=ADA, cwd=cwd)
            assert [t["function"] for t in done.get("transactions", [])] == functions, (effectors, done)
        text = text.replace("effectors = []", "effectors = " + json.dumps([APP])).replace("units = 3", "units = 2", 1)
        write(path, text[:text.rindex("[[peer]]")])  # one peer with two units instead of two with three
        assert chain.json("provider", "offer", who=ADA, cwd=cwd) == {"transactions": []}
        done = chain.json("provider", "offer", "--remove", who=ADA, cwd=cwd)
        assert [t["does"] for t in done["transactions"]] == ["take out of the offer what the file no longer has: 4 units and 1 peer go"], done
        assert [o["units"] for o in chain.json("deal", "offers", "--all")] == [2]
        chain.run("provider", "commit", who=ADA, cwd=cwd)
        chain.run("provider", "close", who=ADA, cwd=cwd, code=1, err=["has a commitment: starts with the next epoch", "provider finish"])
        chain.epochs(1)
        chain.run("provider", "finish", who=ADA, cwd=cwd, err="is active: it ends before epoch 22")
        chain.epochs(30)
        unit = chain.json("provider", "status", cwd=cwd)["peers"][0]["units"][1]["id"]
        chain.run("provider", "exit", "0x" + "2" * 64, who=ADA, cwd=cwd, code=1, err="has the unit")
        chain.run("provider", "exit", unit, who=EVE, cwd=cwd, code=1, err=["Only provider can remove", "another account's"])
        chain.run("provider", "exit", unit, who=ADA, cwd=cwd)
        before = chain.flt(address(ADA))
        done = chain.json("provider", "finish", who=ADA, cwd=cwd)  # the other unit leaves first
        assert [t["function"] for t in done["transactions"]] == ["removeCUFromCC", "finishCommitment"], done
        # never proven: it failed in its tenth epoch; 1 % of 0.1 FLT for each failure of each unit
        assert chain.flt(address(ADA)) - before == 2 * 10**17 - 20 * 10**15, chain.flt(address(ADA)) - before
        chain.run("provider", "close", who=ADA, cwd=cwd)
        assert chain.json("deal", "offers", "--all") == [] and not chain.json("provider", "status", cwd=cwd)["peers"][0]["offered"]
        for step in "offer", "commit":  # and again
            chain.run("provider", step, who=ADA, cwd=cwd)


def market_collateral_of_somebody_else():
    with Chain() as chain:
        cwd = folder("poor", peers=2, units=1)
        path = os.path.join(cwd, "provider.toml")
        write(path, open(path).read().replace('# staker     = "0x..."', 'staker = "anyone"'))
        for step in "register", "offer":
            chain.run("provider", step, who=ADA, cwd=cwd)
        chain.run("provider", "commit", who=ADA, cwd=cwd, err="waits for the collateral of anyone: `rivulet stake deposit`")
        waiting = chain.json("stake", "list")
        assert [(w["status"], w["collateral"], w["staker_share"], w["staker"]) for w in waiting] == [("waits for collateral", "0.1 FLT", "10 %", None)] * 2, waiting
        ids = [w["commitment"] for w in waiting]
        before = chain.flt(address(EVE))
        chain.run("stake", "deposit", ids[0], who=EVE)
        assert chain.flt(address(EVE)) == before - 10**17
        chain.run("stake", "deposit", ids[0], who=BOB, code=1, err=["not in WaitDelegation", "deposited already"])
        chain.run("stake", "deposit", "0x" + "3" * 64, who=BOB, code=1, err="no such commitment")
        assert [w["commitment"] for w in chain.json("stake", "list", "--staker", address(EVE))] == ids[:1]
        assert [w["commitment"] for w in chain.json("stake", "list")] == ids[1:]
        chain.run("stake", "rewards", who=EVE, err="nothing to take yet")
        chain.run("provider", "finish", "--waiting", who=ADA, cwd=cwd)  # the second is given up
        assert chain.json("stake", "list") == []
        chain.epochs(25)
        chain.run("stake", "finish", ids[0], who=EVE, code=1, err=["CapacityCommitmentIsActive", "its units leave it first"])
        chain.run("provider", "exit", chain.json("provider", "status", cwd=cwd)["peers"][0]["units"][0]["id"], who=ADA, cwd=cwd)
        chain.run("stake", "finish", ids[0], who=EVE)
        assert chain.flt(address(EVE)) == before - 10 * 10**15, before - chain.flt(address(EVE))  # ten failures of one unit
        assert [w["status"] for w in chain.json("stake", "list", "--all")] == ["removed"]


def proofs(chain, cwd, wanted):
    """Searches until so many were taken; a unit gives at most five an epoch."""
    def taken(r):
        text = r.text[r.process.stderr]
        return text.count(b"in block") == text.count(b"submit ") and sum(map(int, re.findall(rb"submit (\d+) proof", text))) >= wanted
    prover = Running("provider", "prove", "--light", "--chain", chain.url, "--key", ADA, "--yes", cwd=cwd)
    with prover:
        prover.read(taken, seconds=90)
        assert prover.stop(signal.SIGINT) == 0
        assert re.search(rb"proofs submitted: [1-9]\d*; \d+ hashes at", prover.text[prover.process.stdout])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def market_a_whole_life():
    """Offered, committed with another's collateral, proven, rented, worked, paid, stopped, finished, closed, with fees; the chain is killed in the middle;
    what it kept replays."""
    state, where = os.path.join(TMP, "whole-state"), "127.0.0.1:%d" % free_port()
    with Chain("--state", state, "--fees", "--listen", where) as chain:
        cwd = folder("whole", peers=1, units=2)
        path = os.path.join(cwd, "provider.toml")
        write(path, open(path).read().replace("= 20     # epochs", "= 10").replace('# staker     = "0x..."', 'staker = "%s"' % address(EVE)))
        everything = sum(chain.usd(address(w)) for w in (ADA, BOB))
        for step in "register", "offer", "commit":
            done = chain.json("provider", step, who=ADA, cwd=cwd)
            assert all(t["ok"] and t["cost"] != "0 FLT" for t in done["transactions"]), done
        commitment, = [w["commitment"] for w in chain.json("stake", "list")]
        chain.run("stake", "deposit", commitment, who=BOB, code=1, err=["Only delegator can lock collateral", "stake list"])
        chain.run("stake", "deposit", commitment, who=EVE)
        chain.epochs(1)
        proofs(chain, cwd, 10)  # of both units
        deal = chain.json("deal", "create", "--app", APP, "--price", "0.02", "--epochs", "6", "--publish", who=BOB)["deal"]
        chain.run("provider", "pickup", deal, who=ADA, cwd=cwd)
        chain.run("provider", "work", who=ADA, cwd=cwd)
        chain.epochs(2)
        before = chain.json("deal", "info", deal), chain.json("provider", "status", cwd=cwd)
        assert [u["earned"] for u in before[0]["units"]] == ["0.04 USD"], before
        chain.crash()
        chain.run("deal", "info", deal, code=3, err=["no chain answers", "chain start"])
        chain.start()
        assert (chain.json("deal", "info", deal), chain.json("provider", "status", cwd=cwd)) == before
        chain.run("provider", "rewards", who=ADA, cwd=cwd)
        chain.run("deal", "stop", deal, who=BOB)
        chain.epochs(3)
        chain.run("provider", "leave", deal, who=ADA, cwd=cwd)
        chain.run("deal", "withdraw", deal, chain.json("deal", "info", deal)["balance"].split()[0], who=BOB)
        assert sum(chain.usd(address(w)) for w in (ADA, BOB)) == everything and chain.usd(deal) == 0
        chain.epochs(8)
        assert chain.json("provider", "status", cwd=cwd)["peers"][0]["commitment"]["status"] == "over"
        done = chain.json("provider", "finish", who=ADA, cwd=cwd)
        assert [t["function"] for t in done["transactions"]] == ["removeCUFromCC", "finishCommitment"], done
        chain.run("provider", "close", who=ADA, cwd=cwd, code=1, err=["were not taken", "--forfeit"])
        chain.epochs(30)
        flt = [chain.flt(address(w)) for w in (ADA, EVE)]
        done = chain.json("stake", "rewards", who=EVE)["transactions"]  # of a commitment that is no more; it pays both
        assert [t["function"] for t in done] == ["withdrawReward"], done
        ada, eve = (chain.flt(address(w)) - was for w, was in zip((ADA, EVE), flt))
        eve += int(decimal.Decimal(done[0]["cost"].split()[0]).scaleb(18))
        assert ada > 10**18 and 0 <= ada - 9 * eve < 10, (ada, eve)  # the staker's share is 10 %, rounded down
        chain.run("provider", "rewards", who=ADA, cwd=cwd, err="nothing to take yet")
        chain.run("provider", "close", who=ADA, cwd=cwd)
        out = os.path.join(TMP, "whole.blocks")
        check(rivulet("chain", "export", out, "--state", state), 0, err=r"\d+ blocks in")
        hash_now = json.loads(check(rivulet("chain", "status", "--json", "--state", state), 0).out)["appHash"]
        assert hash_now in check(rivulet("chain", "replay", out, timeout=120 * SLOW), 0).out
    check(rivulet("chain", "scenario", os.path.join(SOURCE, "tests/market/ledger-stop.fixed.json")), 0)


def market_fees():
    """Every command of a customer where gas costs FLT; without FLT nothing is sent, and it is said how much is missing."""
    with Chain("--fees") as chain:
        cwd = committed(chain, "fees", peers=1)
        wallet = os.path.join(TMP, "no-flt")
        check(rivulet("key", "new", "--wallet", wallet), 0)
        done = chain.run("provider", "register", who=wallet, cwd=cwd, code=1, err=["has 0 FLT, and this needs up to 0.0\\d+ FLT", "nothing was sent", "hint: "])
        assert "send it?" not in done.err
        chain.run("deal", "create", "--app", APP, "--price", "1", who=wallet, code=1, err=["has 0 USD, and this takes 10 USD", "nothing was sent"])
        made = chain.json("deal", "create", "--app", APP, "--price", "0.02", "--publish", "--match", who=BOB)
        deal = made["deal"]
        assert all(t["cost"] != "0 FLT" and t["ok"] for t in made["transactions"]), made
        for command in ["deposit", deal, "1"], ["app", deal, CODE], ["access", deal, "--type", "deny"], ["stop", deal]:
            done = chain.json("deal", *command, who=BOB)
            assert all(t["cost"] != "0 FLT" and t["ok"] for t in done["transactions"]), done
        left = chain.json("provider", "leave", deal, who=ADA, cwd=cwd)
        assert [t["function"] for t in left["transactions"]] == ["returnComputeUnitFromDeal"] and left["transactions"][0]["cost"] != "0 FLT", left


# ---- what new users do ----

def market_wrong_inputs():
    with Chain() as chain:
        deal = chain.json("deal", "create", "--app", APP, "--price", "1", who=BOB)["deal"]
        chain.run("deal", "stop", deal, who="77", code=2, err=["there is no account 77 and no file", "0 to 9"])
        chain.run("deal", "stop", deal, who=os.path.join(TMP, "nothing"), code=2, err=["cannot read", "key new --wallet"])
        cwd = folder("wrong")
        chain.run("deal", "stop", deal, who=os.path.join(cwd, "peer-1.key"), code=2, err=["no key of an account", "the key of a peer"])
        for command in ["stop", deal], ["deposit", deal, "1"], ["withdraw", deal, "1"], ["publish", deal]:
            done = chain.run("deal", *command, who=EVE, code=1, err="is %s's, and you are %s" % (address(BOB), address(EVE)))
            assert "in block" not in done.err, done
        chain.run("deal", "match", deal, who=BOB, code=1, err=["MinWorkersNotMatched", "deal offers"])
        nobody = "0x" + "1" * 40
        for command in ["deal", "info"], ["deal", "stop"], ["provider", "pickup"], ["provider", "leave"]:
            chain.run(*command, nobody, who=None if command[1] == "info" else ADA, cwd=cwd, code=1, err=["there is no deal at 0x1111", "deal list"])
        chain.run("deal", "info", deal[:-1], code=2, err="is no address")
        chain.run("deal", "info", deal[:-1].swapcase() + deal[-1], code=2, err="is no address")
        chain.run("provider", "offer", who=ADA, cwd=cwd, code=1, err=["Provider doesn't exist", "hint: `rivulet provider register` comes first"])
        path = os.path.join(cwd, "provider.toml")
        text = open(path).read()
        for old, new, says in (("units = 2", "unit = 2", r"provider.toml:\d+:\d+: unknown key 'unit' .*did you mean 'units'"), ('"0.01"', '"much"', r"provider.toml:3:\d+: 'much' is no amount"),
                               ("[[peer]]", "[peer]", r"provider.toml:\d+:\d+:"), ("name  =", "name", r"provider.toml:2:\d+:"), ("peer-1.key", "peer-9.key", r"provider.toml:\d+:\d+: cannot read")):
            write(path, text.replace(old, new))
            chain.run("provider", "status", cwd=cwd, code=2, err=says)


def market_another_chain():
    """A chain with another number, one without a market, and something that is no chain at all."""
    with Chain("--chain-id", "5") as chain:
        chain.run("deal", "create", "--app", APP, "--price", "1", who=BOB, err=["everybody knows the key", "chain 5"])
    server = subprocess.Popen([sys.executable, "-u", "-c", OTHER], stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline())
        for path, says in ("/rpc", ["no market on chain 1 ", "--chain URL"]), ("/web", ["does not speak JSON-RPC", "hint: "]), ("/gone", ["HTTP status 404", "hint: "]):
            check(rivulet("deal", "list", "--chain", "http://127.0.0.1:%d%s" % (port, path)), 3, err=says)
    finally:
        server.kill()
        server.communicate()


OTHER = '''
import http.server, json
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": "0x1" if asked["method"] == "eth_chainId" else "0x"}) if self.path == "/rpc" else "<html>"
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *ignored): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port)
server.serve_forever()
'''


def market_flags_of_new_chains():
    """What a chain that goes on does not take from the command line is said."""
    check(rivulet("up", "--epoch", "5", cwd=TMP), 2, err="--epoch is for a chain, and none is started without --chain")
    check(rivulet("up", "--fees", cwd=TMP), 2, err="--fees is for a chain")
    state = os.path.join(TMP, "old-state")
    with Chain("--state", state):
        pass
    for flags, says in (["--chain-id", "5"], ["chain-id"]), (["--fees", "--rules", "g0"], ["fees", "rules"]), (["--chain-id", "31337"], []):
        with Chain("--state", state, *flags) as chain:
            pass
        told = re.findall(r"--([a-z-]+) does nothing", chain.running.text[chain.running.process.stderr].decode())
        assert sorted(told) == sorted(says), (flags, told)


def market_interrupted():
    """Ctrl-C while a transaction waits for its block: what was sent is said, and comes all the same."""
    with Chain("--block-ms", "3600000") as chain:
        sender = Running("provider", "register", "--chain", chain.url, "--key", ADA, "--yes", cwd=folder("interrupted"))
        with sender:
            wait_until(lambda: chain.ask("txpool_status")["pending"] != "0x0")
            assert sender.stop(signal.SIGINT) == 130
            assert re.search(rb"not in a block after \d+ s; it was sent and may still come: 0x\w{64}\n +hint", sender.text[sender.process.stderr]), sender.text
        chain.ask("evm_mine")
        assert chain.ask("eth_getTransactionCount", address(ADA), "latest") == "0x1"


def market_epochs_pass_without_blocks():
    """On a chain that makes blocks on demand time goes on all the same."""
    with Chain(epoch_s=2) as chain:
        cwd = folder("moving", peers=1, units=1)
        for step in "register", "offer", "commit":
            chain.run("provider", step, who=ADA, cwd=cwd)
        wait_until(lambda: chain.json("provider", "status", cwd=cwd)["peers"][0]["commitment"]["status"] == "active")
        epoch = chain.json("provider", "status", cwd=cwd)["epoch"]
        height = chain.ask("eth_blockNumber")
        wait_until(lambda: chain.json("provider", "status", cwd=cwd)["epoch"] != epoch)
        assert chain.ask("eth_blockNumber") == height
        deal = chain.json("deal", "create", "--app", APP, "--price", "0.05", "--match", who=BOB)["deal"]
        assert len(chain.json("deal", "info", deal)["units"]) == 1


def market_says_who_may_ask():
    for listen, said in (("0.0.0.0:0", True), ("127.0.0.1:0", False)):
        with Chain("--listen", listen) as chain:
            chain.ask("evm_mine")
            chain.running.wait_log("chain.block")
            assert (b"other machines may ask" in chain.running.text[chain.running.process.stderr]) == said, listen


def market_proofs_of_the_next_epoch():
    """Where blocks come on demand, a new epoch has none yet: the prover asks what the next block will have, and its proofs hold."""
    with Chain() as chain:
        cwd = committed(chain, "next-epoch", peers=1, units=1)
        unit = chain.json("provider", "status", cwd=cwd)["peers"][0]["units"][0]["id"]
        chain.ask("evm_increaseTime", DAY)  # and no block: the newest is of epoch 2
        proofs(chain, cwd, 5)
        chain.ask("evm_mine")
        data = "0x" + PROOFS_OF + unit[2:] + "3".rjust(64, "0")
        until = time.time() + 30 * SLOW
        while (seen := chain.ask("eth_call", {"to": CAPACITY, "data": data}, "latest")[2:]) and int(seen[64:], 16) < 5:  # verified by the next blocks
            assert time.time() < until and int(seen[:64], 16) == 5, seen
            chain.ask("evm_mine")


def market_many_deals():
    """Lists come in pages; their figures are those of each deal alone."""
    with Chain() as chain:
        made = [chain.json("deal", "create", "--app", APP, "--price", "0.0%d" % (i % 9 + 1), who=BOB)["deal"] for i in range(12)]
        assert [d["deal"] for d in chain.json("deal", "list")] == made
        newest = chain.json("deal", "list", "--count", "5")
        assert [d["deal"] for d in newest] == made[-5:]
        for d in newest:
            alone = chain.json("deal", "info", d["deal"])
            assert {k: alone[k] for k in d if k != "access"} == {k: d[k] for k in d if k != "access"}, (alone, d)
        check(chain.run("deal", "list", "--count", "5"), 0, err="the newest 5; --count 0 shows all")
        chain.run("deal", "list", "--count", "x", code=2, err="--count is a number")


GRAPH = """{ offers(where: {computeUnitsAvailable_gt: 0}) { pricePerEpoch computeUnitsAvailable provider { name approved }
  peers(orderBy: computeUnitsInDeal, orderDirection: desc) { computeUnitsInDeal currentCapacityCommitment { status } computeUnits(where: {deal_not: null}) { deal { id } } } }
  deals { id owner registeredWorkersCurrentCount matchedWorkersCurrentCount addedComputeUnits { id provider { name } } } graphNetworks { offersTotal dealsTotal } }"""


def market_graph():
    """GraphQL on the ports that the chain prints, after kill -9 too; it says what the commands say."""
    def ask(url, query=GRAPH):
        return post(url, query=query)

    with Chain("--graph-listen", "127.0.0.1:0", "--state", os.path.join(TMP, "graph-chain")) as chain:
        own = chain.running.addresses(3)[2]
        beside = chain.url + own[own.index("/subgraphs"):]
        assert not own.startswith(chain.url) and ask(own)["data"]["offers"] == []
        committed(chain, "graphed", price="0.02")
        deal = chain.json("deal", "create", "--app", APP, "--price", "0.05", "--match", who=BOB)["deal"]
        units = chain.json("deal", "info", deal)["units"]
        told = ask(own)
        offer, = told["data"]["offers"]
        assert (offer["pricePerEpoch"], offer["computeUnitsAvailable"], offer["provider"]["name"]) == ("20000", 3, "graphed"), offer
        assert [p["computeUnitsInDeal"] for p in offer["peers"]] == [1, 0] and offer["peers"][0]["computeUnits"] == [{"deal": {"id": deal.lower()}}], offer
        listed, = told["data"]["deals"]
        assert listed["owner"] == address(BOB).lower() and [u["id"] for u in listed["addedComputeUnits"]] == [u["id"] for u in units], (listed, units)
        assert told["data"]["graphNetworks"] == [{"offersTotal": "1", "dealsTotal": "1"}]
        assert ask(beside) == told
        chain.crash()
        chain.start()
        assert ask(chain.running.addresses(3)[2]) == told
        wrong = ask(beside.replace(beside.split("/subgraphs")[0], chain.url), "{ offers { nme } }")
        assert wrong["errors"][0]["locations"] == [{"line": 1, "column": 12}] and "nme" in wrong["errors"][0]["message"]
        taken = chain.running.addresses(3)[2].split("/")[2]
        check(rivulet("chain", "start", "--listen", "127.0.0.1:0", "--graph-listen", taken), 4, err=["cannot listen on " + taken, "--graph-listen 127.0.0.1:0"])
    with Chain("--graph-listen", "none") as chain:
        assert chain.running.addresses(3)[2].startswith(chain.url)


def market_pay():
    """FLT and USD for a key of one's own; $RIVULET_CHAIN is every command's."""
    mine = os.path.join(TMP, "paid.key")
    check(rivulet("key", "new", "--wallet", mine), 0)
    with Chain("--fees") as chain:
        chain.run("chain", "pay", mine, "--flt", "1.5", "--usd", "2.25", who=ADA, err=["pay 1.5 FLT to 0x", "transfer of USD token", "amount +2.25 USD"])
        ENV["RIVULET_CHAIN"] = chain.url
        try:
            held = json.loads(check(rivulet("chain", "account", mine, "--json"), 0).out)
            height = json.loads(check(rivulet("chain", "status", "--json"), 0).out)["height"]
        finally:
            del ENV["RIVULET_CHAIN"]
        assert (held["flt"], held["usd"], height) == ("1.5", "2.25", 2), (held, height)
        done = chain.json("chain", "pay", BOB, "--flt", "0.5", who=mine)
        assert [t["does"] for t in done["transactions"]] == ["pay 0.5 FLT to " + address(BOB)] and done["to"] == address(BOB)
        paid = int(decimal.Decimal(done["transactions"][0]["cost"].split()[0]) * 10**18)
        assert chain.flt(address(mine)) == 10**18 - paid and chain.flt(address(BOB)) == 10000 * 10**18 + 5 * 10**17
        chain.run("chain", "pay", BOB, who=mine, code=2, err="--flt AMOUNT or --usd AMOUNT")
        chain.run("chain", "pay", "nobody", "--flt", "1", who=mine, code=2, err="is no address, key file nor development account")
        chain.run("chain", "pay", BOB, "--flt", "1", who=mine, code=1, err=["needs up to 1.* FLT", "nothing was sent"])
        chain.run("chain", "pay", BOB, "--usd", "9", who=mine, code=1, err=["transfer amount exceeds balance", "nothing was sent"])


def market_prove_again():
    """Who starts anew in the same epoch goes on where proofs are missing, and then waits: the chain is asked for no more than it takes."""
    with Chain() as chain:
        cwd = committed(chain, "again", peers=1, units=1)
        proofs(chain, cwd, 2)
        data = {"to": CAPACITY, "data": "0x" + PROOFS_OF + chain.json("provider", "status", cwd=cwd)["peers"][0]["units"][0]["id"][2:] + "2".rjust(64, "0")}
        given = lambda: int(chain.ask("eth_call", data, "latest")[2:66], 16)
        if given() < 5:
            proofs(chain, cwd, 5 - given())
        assert given() == 5
        with Running("provider", "prove", "--light", "--chain", chain.url, "--key", ADA, "--yes", cwd=cwd) as prover:
            time.sleep(2)
            assert prover.process.poll() is None, prover.stop()
            assert prover.stop(signal.SIGINT) == 0
            assert b"submit " not in prover.text[prover.process.stderr] and b"submitted: 0; 0 hashes" in prover.text[prover.process.stdout], prover.text


def market_demo():
    """The second part of `make run`: what Bob pays, Ada and the deal have."""
    done = check(rivulet("demo", "--market", cwd=TMP, timeout=60 * SLOW), 0, out=["offer 2 units on 2 peers for 0.01 USD", "epoch 4  ", "Ada earned 0.08 USD in two epochs; 13 transactions"])
    rows = re.findall(r"^  (\S.*?) {2,}(\S+) USD +(\S+) USD +(\S+) USD", done.out, re.M)
    assert rows == [("Bob", "1", "0.8", "-0.2"), ("the deal", "0", "0.12", "+0.12"), ("Ada", "0", "0.08", "+0.08"), ("together", "1", "1", "0")], (rows, done.out)
    assert max(map(len, done.out.replace(RIVULET, "build/rivulet").splitlines())) <= 80, done.out
    shown = json.loads(check(rivulet("demo", "--market", "--json", cwd=TMP, timeout=60 * SLOW), 0).out)
    assert [(r["who"], r["change"]) for r in shown["ledger"]] == [("Bob", "-0.2 USD"), ("the deal", "+0.12 USD"), ("Ada", "+0.08 USD"), ("together", "0 USD")], shown
    assert shown["transactions"] == 13


if __name__ == "__main__":
    play([(n, f) for n, f in list(globals().items()) if callable(f) and n.startswith("market_")])
