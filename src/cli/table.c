/* table.c: every command with its arguments, flags and texts. Help, completion and the parser read it; docs/cli.md tells the same.
 * Tests: table_test.c. */
#include "cli/internal.h"

/* clang-format off */
#define FLAGS(array) array, RIV_COUNT(array)
#define F_JSON    { "json",    'j', CLI_SWITCH, NULL,   "print one JSON document on standard output" }
#define F_CONFIG  { "config",  'c', CLI_VALUE,  "FILE", "configuration instead of the rivulet.toml that lies beside" }
#define F_SERVICE { "service", 's', CLI_VALUES, "ID=FILE", "add a service: a .wasm module, or a source that is built first" }
#define F_IMPORT  { "import",  'm', CLI_VALUES, "[PREFIX:]DIR", "also look here for imported files, or for those whose names begin with PREFIX" }
#define F_CONST   { "const",   0,   CLI_VALUES, "NAME=VALUE", "set a constant of the program" }
#define F_AVM     { "avm-version", 0, CLI_VALUE, "0.62|0.64", "behave as this version where the originals differ (default 0.64)" }

const cli_flag cli_common_flags[] = {
    { "help",       'h', CLI_SWITCH, NULL,    "show help and stop" },
    { "log-level",  0,   CLI_VALUE,  "LEVEL", "error, warn, info, debug or trace (also $RIVULET_LOG)" },
    { "log-format", 0,   CLI_VALUE,  "FORM",  "human or json; by default json unless standard error is a terminal" },
    { "no-color",   0,   CLI_SWITCH, NULL,    "no colours (also $NO_COLOR)" },
};
const size_t cli_common_flags_count = RIV_COUNT(cli_common_flags);

#define F_CHAIN { "chain", 0, CLI_VALUE, "URL", "JSON-RPC of the chain (default $RIVULET_CHAIN or http://127.0.0.1:8545)" }
#define F_URL   F_CHAIN, { "url", 0, CLI_VALUE, "URL", "the same as --chain" }
#define F_LEDGER  { "state",    0,  CLI_VALUE,  "DIR",  "read this folder instead; its chain may be running" }
#define F_GRAPH   { "graph-listen", 0, CLI_VALUE, "HOST:PORT|none", "answer GraphQL here too (127.0.0.1:8000 where the chain is on its own default)" }
#define F_GENESIS \
    { "block-ms", 0, CLI_VALUE, "MS", "a block so often; by default one as soon as a transaction comes" }, \
    { "epoch",    0, CLI_VALUE, "SECONDS", "length of an epoch of a new chain (default 15)" }, \
    { "rules",    0, CLI_VALUE, "fixed|g0", "of a new chain: our rulings on the original's quirks, or the quirks (default fixed)" }, \
    { "proof-bits", 0, CLI_VALUE, "N", "zero bits that a proof of capacity begins with at first (default 8: found in seconds)" }, \
    { "fees",     0, CLI_SWITCH, NULL, "gas costs FLT on a new chain" }, \
    { "chain-id", 0, CLI_VALUE, "N", "of a new chain (default 31337)" }, \
    { "genesis-time", 0, CLI_VALUE, "SECONDS", "when a new chain begins, since 1970 (default now)" }, \
    { "origin",   0, CLI_VALUE, "ORIGIN", "web pages of this origin may ask, * for all (default: of this machine alone)" }
static const cli_flag run_flags[] = {
    { "func",  'f', CLI_VALUE, "CALL", "the call, e.g. 'hello(\"Ada\")'; may be left out when one function has no parameters" },
    { "relay", 'r', CLI_VALUE, "MULTIADDR", "go out to a real network through this peer" },
    { "nodes", 'n', CLI_VALUE, "N", "peers of the embedded network (default 3)" },
    F_CONFIG, F_SERVICE,
    { "ttl",   't', CLI_VALUE, "MS", "time to live of the particle (default 7000)" },
    F_IMPORT, F_CONST,
    { "key",   'k', CLI_VALUE, "FILE", "key of the client; a new one by default" },
    { "seed",  0,   CLI_VALUE, "N", "seed of the embedded network (default 1)" },
    F_JSON,
};
static const cli_flag up_flags[] = {
    { "nodes", 'n', CLI_VALUE, "N", "how many (default 3)" },
    F_CONFIG, F_SERVICE,
    { "state", 0, CLI_VALUE, "DIR", "keep keys and particles here; by default a temporary folder that is removed at the end" },
    { "chain", 0, CLI_SWITCH, NULL, "start a chain with the nodes" },
    { "chain-listen", 0, CLI_VALUE, "HOST:PORT", "where it answers (default 127.0.0.1:8545; port 0: any)" },
    F_GRAPH, F_GENESIS,
};
static const cli_flag chain_start_flags[] = {
    { "listen", 'l', CLI_VALUE, "HOST:PORT", "answer here (default 127.0.0.1:8545; port 0: any)" },
    { "state",  0,   CLI_VALUE, "DIR", "keep the chain here; without it nothing outlives the process" },
    F_GRAPH, F_GENESIS,
};
static const cli_flag chain_look_flags[] = { F_URL, F_LEDGER, F_JSON };
static const cli_flag chain_blocks_flags[] = { { "count", 'n', CLI_VALUE, "N", "how many (default 10)" }, F_URL, F_LEDGER, F_JSON };
static const cli_flag chain_export_flags[] = { { "state", 0, CLI_VALUE, "DIR", "the chain's folder; it may be running" } };
static const cli_flag node_flags[] = {
    { "listen", 'l', CLI_VALUES, "MULTIADDR", "listen here, e.g. /ip4/127.0.0.1/tcp/7777; port 0: any (default /ip4/127.0.0.1/tcp/0)" },
    { "peer",   'p', CLI_VALUES, "MULTIADDR", "connect to this peer and stay connected" },
    { "state",  0,   CLI_VALUE,  "DIR",  "keep the key and the particles here; without it nothing outlives the process" },
    { "key",    'k', CLI_VALUE,  "FILE", "key file; default: DIR/key, made when it is missing" },
    F_CONFIG, F_SERVICE,
    { "ttl-max", 0,  CLI_VALUE,  "MS", "refuse particles that want to live longer" },
};
static const cli_flag demo_flags[] = {
    { "name", 0, CLI_VALUE, "NAME", "whom to greet (default Rivulet)" },
    { "market", 0, CLI_SWITCH, NULL, "the market instead: a chain, an offer, a job, two epochs of paid work, the ledger" },
    F_CONFIG, F_SERVICE, F_IMPORT, F_CONST, F_JSON,
};
static const cli_flag sim_flags[] = {
    { "step", 0, CLI_SWITCH, NULL, "one step at a time, with the trace that it leaves; Enter goes on" },
    { "seed", 0, CLI_VALUE,  "N",  "deliver in an order that is drawn from N" },
    { "lines", 0, CLI_SWITCH, NULL, "FILE has a scenario on each line; the document of each is printed on one" },
    { "sessions", 0, CLI_SWITCH, NULL, "peers keep interpreter sessions between their steps" },
    F_AVM, F_JSON,
};
static const cli_flag compile_flags[] = {
    { "input",  'i', CLI_VALUE, "FILE|FOLDER", "the same as the argument" },
    { "output", 'o', CLI_VALUE, "DIR",  "write files there: FILE.FUNCTION.air and FILE.json, or those of --air, --js and --ts" },
    { "air",    'a', CLI_SWITCH, NULL, "the AIR texts: FILE.FUNCTION.air" },
    { "js",     0,   CLI_SWITCH, NULL, "a JavaScript module for @fluencelabs/js-client: FILE.js and FILE.d.ts" },
    { "ts",     0,   CLI_SWITCH, NULL, "the same as TypeScript: FILE.ts" },
    F_JSON,
    { "no-relay", 0, CLI_BOOL, NULL, "do not go through a relay" },
    { "no-xor",   0, CLI_BOOL, NULL, "do not wrap the calls in error handling" },
    { "no-empty-response", 0, CLI_BOOL, NULL, "no response call for functions without results (default true)" },
    { "tracing", 0, CLI_BOOL, NULL, "put tracing events into the script" },
    F_IMPORT,
    { "const",   'c', CLI_VALUES, "NAME=VALUE", "set a constant of the program" },
    { "dry",   'd', CLI_SWITCH, NULL, "check only, write and print nothing" },
    { "watch", 'w', CLI_SWITCH, NULL, "compile again whenever a file changes, until Ctrl-C" },
    { "allow", 0,   CLI_VALUES, "NAME", "a warning that is not wanted, by name or code" },
    { "deny-warnings", 0, CLI_SWITCH, NULL, "warnings are errors" },
};
static const cli_flag explain_flags[] = { F_JSON };
static const cli_flag aqua_fmt_flags[] = {
    { "check", 0, CLI_SWITCH, NULL, "write nothing; exit with 1 when a file is not laid out" },
    { "diff",  0, CLI_SWITCH, NULL, "the same, and show the first lines that would change" },
};
static const cli_flag aqua_doc_flags[] = {
    { "output", 'o', CLI_VALUE, "DIR", "write FILE.md for each file, and README.md when there are several" },
    F_JSON,
};
static const cli_flag test_flags[] = {
    { "update", 'u', CLI_SWITCH, NULL, "write what was seen into the files, where it is not what was expected or nothing was" },
    { "filter", 'f', CLI_VALUE, "TEXT", "only runs with TEXT in their names" },
    { "order",  0,   CLI_VALUE, "fifo|lifo|random", "which waiting message is delivered next, instead of what the runs say" },
    { "seed",   0,   CLI_VALUE, "N", "deliver in an order that is drawn from N" },
    { "seeds",  0,   CLI_VALUE, "N", "play each run in N random orders, until one fails" },
    { "trace",  0,   CLI_SWITCH, NULL, "show the steps of each run" },
    { "junit",  0,   CLI_VALUE, "FILE", "write the results as JUnit XML too" },
    F_IMPORT, F_CONST, F_AVM, F_JSON,
};
static const cli_flag air_parse_flags[] = { F_JSON, { "unchecked", 0, CLI_SWITCH, NULL, "leave out the checks of names and iterators" } };
static const cli_flag air_fmt_flags[]   = {
    { "write", 'w', CLI_SWITCH, NULL, "write the result back into the file" },
    { "check", 0,   CLI_SWITCH, NULL, "exit with 1 when the file is not formatted; print nothing" },
};
static const cli_flag air_show_flags[]   = { F_JSON };
static const cli_flag air_invoke_flags[] = { F_AVM };
#define F_PARTICLE { "particle", 'p', CLI_VALUE, "ID", "the particle's id, which signatures cover; when the file does not hold it" }
static const cli_flag air_verify_flags[] = { F_PARTICLE, { "stored", 0, CLI_VALUE, "FILE", "look for contradictions with this data too" }, F_JSON };
static const cli_flag trace_flags[]      = { { "air", 'a', CLI_VALUE, "FILE", "the script, to show instructions beside states; when the file does not hold it" }, F_PARTICLE, F_JSON };
static const cli_flag chain_scenario_flags[] = {
    { "random", 0, CLI_VALUE, "SEED", "instead of FILE: providers and customers made up from SEED, with a chain that is late and crashes; --log-level info tells what they do" },
    F_JSON,
};
static const cli_flag build_flags[] = {
    { "output", 'o', CLI_VALUE,  "OUT.wasm|FOLDER", "where to write the module, or each of them" },
    { "fresh",  0,   CLI_SWITCH, NULL,       "build it again even when it is in the cache (C and C++; cargo decides by itself)" },
};
static const cli_flag module_new_flags[]  = { { "lang", 'l', CLI_VALUE, "c|c++|rust", "language of the service (default c)" } };
static const cli_flag module_aqua_flags[] = {
    { "service", 's', CLI_VALUE, "NAME", "name of the service; by default that of the file" },
    { "id",      'i', CLI_VALUE, "ID",   "id that calls of the service have by default" },
};
static const cli_flag module_pack_flags[] = {
    { "output", 'o', CLI_VALUE, "NAME.tar|FOLDER", "what to write" },
    { "name",   0,   CLI_VALUE, "NAME", "name of the service; by default that of the last module" },
};
static const cli_flag repl_flags[]    = {
    { "fuel",     0, CLI_VALUE, "N",    "instructions of each call (default 10000000000)" },
    { "deadline", 0, CLI_VALUE, "MS",   "time of each call (default 10000)" },
    { "memory",   0, CLI_VALUE, "SIZE", "memory of all modules, where the configuration does not say (default 256 MiB)" },
    { "json",   'j', CLI_SWITCH, NULL,  "answer each command with one JSON document on a line" },
};
static const cli_flag info_flags[]    = { F_JSON };
static const cli_flag key_flags[]     = { F_JSON };
static const cli_flag key_new_flags[] = { { "wallet", 'w', CLI_SWITCH, NULL, "the key of an account on a chain (secp256k1) instead of a peer's" }, F_JSON };
#define F_KEY   { "key", 'k', CLI_VALUE, "FILE|N", "key of the account that pays (or $RIVULET_KEY); 0 to 9: a development account" }
#define F_YES   { "yes", 'y', CLI_SWITCH, NULL, "send without asking" }
static const cli_flag market_send_flags[]  = { F_KEY, F_CHAIN, F_YES, F_JSON };
static const cli_flag chain_pay_flags[]    = {
    { "flt", 0, CLI_VALUE, "AMOUNT", "so much FLT, e.g. 1.5" },
    { "usd", 0, CLI_VALUE, "AMOUNT", "so much USD" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag market_look_flags[]  = { F_CHAIN, F_JSON };
static const cli_flag provider_offer_flags[]  = {
    { "remove", 0, CLI_SWITCH, NULL, "also take out what the file no longer has: units, peers" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag provider_finish_flags[] = {
    { "waiting", 0, CLI_SWITCH, NULL, "also give up commitments that still wait for their collateral" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag provider_close_flags[]  = {
    { "forfeit", 0, CLI_SWITCH, NULL, "even where rewards of proofs were not taken yet: nobody can take them then" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag stake_list_flags[] = {
    { "staker", 0, CLI_VALUE,  "ADDRESS", "those that have collateral of this account" },
    { "all",    0, CLI_SWITCH, NULL,      "all that there ever were" },
    F_CHAIN, F_JSON,
};
static const cli_flag provider_init_flags[] = {
    { "name",  0, CLI_VALUE, "NAME", "what customers see" },
    { "price", 0, CLI_VALUE, "USD",  "the least for a worker and epoch (default 0.01)" },
    { "peers", 0, CLI_VALUE, "N",    "how many peers, each with a new key (default 1)" },
    { "units", 0, CLI_VALUE, "N",    "compute units of each peer: 1 core, 4 GB of memory, 5 GB of disk (default 1)" },
    F_JSON,
};
static const cli_flag provider_pickup_flags[] = { { "units", 0, CLI_VALUE, "N", "how many, each of another peer (default 1)" }, F_KEY, F_CHAIN, F_YES, F_JSON };
static const cli_flag provider_prove_flags[]  = {
    { "cores",  0, CLI_VALUE, "N", "search with so many (default 1)" },
    { "epochs", 0, CLI_VALUE, "N", "end after so many epochs (default: go on until Ctrl-C)" },
    { "light",  0, CLI_SWITCH, NULL, "256 MiB of memory instead of 2.3 GiB: some six times slower, but ready at once" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag deal_create_flags[] = {
    { "app",          0,   CLI_VALUE,  "CID", "what is to run" },
    { "price",        0,   CLI_VALUE,  "USD", "what a worker may cost for an epoch" },
    { "workers",      'n', CLI_VALUE,  "N",   "how many are wanted (default 1)" },
    { "min",          0,   CLI_VALUE,  "N",   "how many are needed before any is paid (default: all)" },
    { "per-provider", 0,   CLI_VALUE,  "N",   "how many of one provider at most (default: all)" },
    { "deposit",      0,   CLI_VALUE,  "USD", "pay so much in advance" },
    { "epochs",       0,   CLI_VALUE,  "N",   "or pay for so many epochs in advance (default 10)" },
    { "effector",     0,   CLI_VALUES, "CID", "a module that its services use" },
    { "allow",        0,   CLI_VALUES, "ADDRESS", "only this provider, or these" },
    { "deny",         0,   CLI_VALUES, "ADDRESS", "any provider but this one, or these" },
    { "publish",      0,   CLI_SWITCH, NULL,  "let providers pick it up by themselves" },
    { "match",        0,   CLI_SWITCH, NULL,  "find providers at once" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag deal_match_flags[] = {
    { "unit", 'u', CLI_VALUES, "ID", "take this unit, or these, instead of the cheapest (`deal offers` shows them)" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag deal_access_flags[] = {
    { "type",   0, CLI_VALUE,  "all|allow|deny", "who may come: everybody, only the listed, everybody but the listed" },
    { "add",    0, CLI_VALUES, "ADDRESS", "put a provider on the list" },
    { "remove", 0, CLI_VALUES, "ADDRESS", "take a provider from the list" },
    F_KEY, F_CHAIN, F_YES, F_JSON,
};
static const cli_flag deal_offers_flags[] = {
    { "price", 0, CLI_VALUE,  "USD", "only those that take this, or less" },
    { "all",   0, CLI_SWITCH, NULL,  "those without a free unit too" },
    F_CHAIN, F_JSON,
};
static const cli_flag deal_list_flags[] = {
    { "count",     'n', CLI_VALUE, "N",      "the newest N (default 100; 0: all)" },
    { "owner",     0, CLI_VALUE,  "ADDRESS", "only those of this customer" },
    { "published", 0, CLI_SWITCH, NULL,      "those that wait for providers" },
    F_CHAIN, F_JSON,
};
static const cli_flag version_flags[] = { F_JSON };

const cli_command cli_commands[] = {
    { "run", "FILE.aqua", 1, 1, "compile an Aqua program and call one of its functions",
      "Without --relay the call runs in an embedded network in simulated time: no ports, answers in milliseconds; every peer has the services\n"
      "of rivulet.toml. With --relay it goes to real nodes. The answer is printed as JSON.",
      FLAGS(run_flags), cli_cmd_run },
    { "up", "", 0, 0, "start real nodes on this machine until Ctrl-C",
      "The nodes listen on 127.0.0.1 and know each other. Each full address is printed on a line of its own when all are ready.",
      FLAGS(up_flags), cli_cmd_up },
    { "node", "", 0, 0, "run one node until SIGINT or SIGTERM",
      "Prints each full multiaddr, with /p2p/ID, on a line of its own when it is ready.",
      FLAGS(node_flags), cli_cmd_node },
    { "demo", "[FOLDER]", 0, 1, "three node processes, one particle, one WebAssembly service",
      "FOLDER holds NAME.aqua, its services and rivulet.toml; by default examples/hello. Everything is stopped and removed at the end.",
      FLAGS(demo_flags), cli_cmd_demo },
    { "test", "[FILE.aqua|FOLDER]", 0, 1, "test Aqua programs with made-up services",
      "Plays the runs of NAME.scenario.json over a simulated network with the program NAME.aqua beside it, and compares what was seen with what is expected\n"
      "(docs/testing.md). Of a folder (by default this one) every program that has such a file is tested.", FLAGS(test_flags), cli_cmd_test },
    { "aqua compile", "FILE.aqua|FOLDER", 0, 1, "compile Aqua to AIR, definitions, JavaScript and TypeScript",
      "Without --output the texts asked for are printed, or what is exported. Of a folder every .aqua file in it is compiled; when one is\n"
      "refused nothing is written.",
      FLAGS(compile_flags), cli_cmd_aqua_compile },
    { "aqua explain", "[CODE]", 0, 1, "tell what an error or warning of the Aqua compiler means",
      "CODE is a code such as A0301 or a name such as unknown-name; without it all are listed.", FLAGS(explain_flags), cli_cmd_aqua_explain },
    { "aqua fmt", "FILE.aqua|FOLDER...", 1, CLI_VALUES_MAX, "lay out Aqua programs as all are laid out",
      "Files are written back; - is standard input, laid out to standard output. A file with syntax errors is left alone.", FLAGS(aqua_fmt_flags),
      cli_cmd_aqua_fmt },
    { "aqua doc", "FILE.aqua|FOLDER...", 1, CLI_VALUES_MAX, "show what Aqua programs offer, with the comments above it",
      "Functions, services, types and constants as Markdown. Imports are not read.", FLAGS(aqua_doc_flags), cli_cmd_aqua_doc },
    { "air parse", "FILE", 1, 1, "print the tree of a script, or its error", NULL, FLAGS(air_parse_flags), cli_cmd_air_parse },
    { "air fmt", "FILE", 1, 1, "print a script as people read it", NULL, FLAGS(air_fmt_flags), cli_cmd_air_fmt },
    { "air show", "DATA", 1, 1, "print particle data in readable form", "DATA is a file (- is standard input): the bytes or their base64 text.",
      FLAGS(air_show_flags), cli_cmd_air_show },
    { "air verify", "DATA", 1, 1, "tell who vouches for particle data and where it is wrong",
      "Content ids, references and signatures, peer by peer. DATA is a file (- is standard input): bytes, base64, or JSON with \"data\" and \"id\".\n"
      "Exit code 0 when all holds, 1 when peers would refuse it, 2 when it cannot be read or signatures cannot be checked.",
      FLAGS(air_verify_flags), cli_cmd_air_verify },
    { "air invoke", "[FILE]", 0, 1, "run single steps of AquaVM", "Reads one JSON document a line and answers one a line: docs/spec/scenarios.md section 4.",
      FLAGS(air_invoke_flags), cli_cmd_air_invoke },
    { "trace", "DATA", 1, 1, "show what a particle did: its trace as a tree",
      "With peers, values, signatures and, when the script is known, its instructions. DATA as for air verify.", FLAGS(trace_flags), cli_cmd_trace },
    { "sim", "FILE", 1, 1, "replay an AIR scenario in a simulated network", "The format is docs/spec/scenarios.md section 1.", FLAGS(sim_flags), cli_cmd_sim },
    { "chain start", "", 0, 0, "run a chain for development: Ethereum JSON-RPC over HTTP and WebSocket, GraphQL",
      "The market's contracts at the addresses of the original's local deployment, and the ten accounts that every development chain has. Prints its\n"
      "URLs when it answers; runs until Ctrl-C. A folder that holds a chain goes on with it; flags of new chains do nothing then.",
      FLAGS(chain_start_flags), cli_cmd_chain_start },
    { "chain status", "", 0, 0, "show where a chain is: height, time, epoch, hashes", NULL, FLAGS(chain_look_flags), cli_cmd_chain_status },
    { "chain blocks", "[HEIGHT]", 0, 1, "show the newest blocks, or those up to HEIGHT, with their transactions", NULL, FLAGS(chain_blocks_flags),
      cli_cmd_chain_blocks },
    { "chain account", "ADDRESS|FILE|0..9", 1, 1, "show the FLT, USD and nonce of an account", "FILE is a key file: its account is meant. 0 to 9 are the development accounts.", FLAGS(chain_look_flags),
      cli_cmd_chain_account },
    { "chain pay", "ADDRESS|FILE|0..9", 1, 1, "send FLT or USD to an account", "FILE is a key file: its account is meant. 0 to 9 are the development accounts.",
      FLAGS(chain_pay_flags), cli_cmd_chain_pay },
    { "chain export", "FILE", 1, 1, "write all blocks of a chain to a file", "With what each of them led to, so that `chain replay` can compare.",
      FLAGS(chain_export_flags), cli_cmd_chain_export },
    { "chain replay", "FILE", 1, 1, "apply an export again and compare every hash",
      "Exit code 1 when a block leads to something else here: state, receipts, app hash or block hash.", NULL, 0, cli_cmd_chain_replay },
    { "chain scenario", "[FILE...]", 0, CLI_VALUES_MAX, "play market scenarios on a chain in memory",
      "Steps become signed transactions, expectations become calls; the format is docs/spec/scenarios.md section 3. Exit code 1 when a step does not hold.\n"
      "With --random SEED a simulated market (docs/sim.md): the same seed is the same run; exit code 1 when a rule of it is broken.",
      FLAGS(chain_scenario_flags), cli_cmd_chain_scenario },
    { "module new", "NAME", 1, 1, "make a folder with a service and a program that calls it",
      "NAME is the folder and the name of the service: small letters, digits, - and _. Nothing is overwritten.", FLAGS(module_new_flags), cli_cmd_module_new },
    { "module build", "SOURCE", 1, 1, "build WebAssembly services from C, C++ or Rust",
      "SOURCE is a .c or .cpp file, a folder of these, or a folder with Cargo.toml (each of its binaries is a module); a .wasm file of another toolchain\n"
      "only gets its interface section. C and C++ are compiled by clang with the SDK's header (#include <marine.h>), Rust by cargo with the crate\n"
      "marine-rs-sdk. When a tool is missing the exit code is 4, and the hint says what to install.",
      FLAGS(build_flags), cli_cmd_module_build },
    { "module info", "FILE.wasm", 1, 1, "show interface, versions, manifest, memory and imports of a module", NULL, FLAGS(info_flags), cli_cmd_module_info },
    { "module aqua", "FILE.wasm", 1, 1, "print the Aqua declarations of a module",
      "Data types and one service, as the original's `marine aqua` prints them.", FLAGS(module_aqua_flags), cli_cmd_module_aqua },
    { "module pack", "SOURCE...", 1, CLI_VALUES_MAX, "put the modules of a service into one file or folder",
      "In the order in which they are linked; the last is the facade. With Config.toml, Aqua declarations and content ids; the same modules give the same bytes.",
      FLAGS(module_pack_flags), cli_cmd_module_pack },
    { "repl", "[CONFIG.toml]", 0, 1, "load WebAssembly services and call their functions by hand",
      "One command a line; `help` lists them. CONFIG.toml is a service in the original's format. With standard input that is no terminal there is\n"
      "no prompt. Ctrl-C ends a running call; end of input or `quit` ends the session. docs/marine.md tells more.",
      FLAGS(repl_flags), cli_cmd_repl },
    { "key new", "[FILE]", 0, 1, "make a key; into FILE, or onto standard output", NULL, FLAGS(key_new_flags), cli_cmd_key_new },
    { "key show", "FILE|N", 1, 1, "show the peer id of a key file, or the address of an account",
      "N from 0 to 9 is an account of development chains, whose keys everybody knows.", FLAGS(key_flags), cli_cmd_key_show },
    { "key import", "FILE", 1, 1, "write the key of an account, read from standard input, into a file",
      "One line: 0x and 64 hexadecimal digits. FILE is never overwritten, and only you may read it.", FLAGS(key_flags), cli_cmd_key_import },
    { "provider init", "[FILE]", 0, 1, "write a provider file, with keys for its peers", "FILE is provider.toml by default. docs/market.md explains it.",
      FLAGS(provider_init_flags), cli_cmd_provider_init },
    { "provider register", "[FILE]", 0, 1, "make yourself known to the market", NULL, FLAGS(market_send_flags), cli_cmd_provider_register },
    { "provider offer", "[FILE]", 0, 1, "offer the units of your peers, or bring the offer to what the file says",
      "Price, effectors, new peers and new units. Units come and go while their peer has no commitment.", FLAGS(provider_offer_flags), cli_cmd_provider_offer },
    { "provider commit", "[FILE]", 0, 1, "commit your peers and deposit the collateral",
      "Committed units earn by proofs until they are rented, and only they are matched.", FLAGS(market_send_flags), cli_cmd_provider_commit },
    { "provider finish", "[FILE]", 0, 1, "end commitments that are over, and get the collateral back",
      "Units leave their commitment (and their deals) first. What failed too often is slashed.", FLAGS(provider_finish_flags), cli_cmd_provider_finish },
    { "provider exit", "UNIT [FILE]", 1, 2, "take one unit out of a commitment that is over", "`provider finish` does this for all of them.",
      FLAGS(market_send_flags), cli_cmd_provider_exit },
    { "provider close", "[FILE]", 0, 1, "take your offer off the market: units, peers, the offer", "None of them may be committed or work in a deal.",
      FLAGS(provider_close_flags), cli_cmd_provider_close },
    { "provider pickup", "DEAL [FILE]", 1, 2, "enter a published deal", "With a free unit of each of so many peers.", FLAGS(provider_pickup_flags), cli_cmd_provider_pickup },
    { "provider work", "[FILE]", 0, 1, "start the workers of units that are in deals", "From then on the units earn.", FLAGS(market_send_flags), cli_cmd_provider_work },
    { "provider leave", "DEAL [FILE]", 1, 2, "take your units out of a deal", NULL, FLAGS(market_send_flags), cli_cmd_provider_leave },
    { "provider status", "[FILE]", 0, 1, "show your peers on the market: offer, commitments, units, what they earned", NULL, FLAGS(market_look_flags), cli_cmd_provider_status },
    { "provider rewards", "[FILE]", 0, 1, "take what your units and commitments have earned", NULL, FLAGS(market_send_flags), cli_cmd_provider_rewards },
    { "provider prove", "[FILE]", 0, 1, "search proofs of capacity and submit them",
      "Needs an active commitment and a little money for gas. Shows the rate of search. Ctrl-C ends it.", FLAGS(provider_prove_flags), cli_cmd_provider_prove },
    { "stake list", "", 0, 0, "show commitments that wait for collateral", "A provider may leave the collateral to somebody else, for a share of the rewards.",
      FLAGS(stake_list_flags), cli_cmd_stake_list },
    { "stake deposit", "COMMITMENT...", 1, CLI_VALUES_MAX, "deposit the collateral of commitments", "It comes back when the commitment is finished, less what is slashed.",
      FLAGS(market_send_flags), cli_cmd_stake_deposit },
    { "stake rewards", "[COMMITMENT...]", 0, CLI_VALUES_MAX, "take your share of the rewards", "By default of all commitments that you deposited for.",
      FLAGS(market_send_flags), cli_cmd_stake_rewards },
    { "stake finish", "COMMITMENT...", 1, CLI_VALUES_MAX, "get collateral back whose units have left", "The provider takes the units out: `provider finish`.",
      FLAGS(market_send_flags), cli_cmd_stake_finish },
    { "deal create", "", 0, 0, "order workers and pay for them in advance", "Prints the address of the deal. Money that is not used comes back by withdraw, after stop.",
      FLAGS(deal_create_flags), cli_cmd_deal_create },
    { "deal publish", "DEAL", 1, 1, "let providers pick a deal up by themselves", NULL, FLAGS(market_send_flags), cli_cmd_deal_publish },
    { "deal unpublish", "DEAL", 1, 1, "let no more providers come by themselves", NULL, FLAGS(market_send_flags), cli_cmd_deal_unpublish },
    { "deal offers", "", 0, 0, "show what providers offer, the cheapest first, with the units that are free", NULL, FLAGS(deal_offers_flags), cli_cmd_deal_offers },
    { "deal match", "DEAL", 1, 1, "find the cheapest providers that fit, or take units by hand", NULL, FLAGS(deal_match_flags), cli_cmd_deal_match },
    { "deal deposit", "DEAL USD", 2, 2, "pay more into a deal", NULL, FLAGS(market_send_flags), cli_cmd_deal_deposit },
    { "deal withdraw", "DEAL USD", 2, 2, "take money out of a deal", NULL, FLAGS(market_send_flags), cli_cmd_deal_withdraw },
    { "deal app", "DEAL CID", 2, 2, "let the workers run something else", NULL, FLAGS(market_send_flags), cli_cmd_deal_app },
    { "deal access", "DEAL", 1, 1, "change which providers may come", "Those that are in the deal stay: `deal remove` sends them away.", FLAGS(deal_access_flags), cli_cmd_deal_access },
    { "deal remove", "DEAL UNIT...", 2, CLI_VALUES_MAX, "send workers away", "They take what they have earned; others may come in their place.",
      FLAGS(market_send_flags), cli_cmd_deal_remove },
    { "deal info", "DEAL", 1, 1, "show a deal: status, money, workers", NULL, FLAGS(market_look_flags), cli_cmd_deal_info },
    { "deal stop", "DEAL", 1, 1, "end a deal; this epoch is still paid", NULL, FLAGS(market_send_flags), cli_cmd_deal_stop },
    { "deal list", "", 0, 0, "list deals", NULL, FLAGS(deal_list_flags), cli_cmd_deal_list },
    { "completion", "bash|zsh|fish", 1, 1, "print a completion script for your shell", NULL, NULL, 0, cli_cmd_completion },
    { "version", "", 0, 0, "show the version", NULL, FLAGS(version_flags), cli_cmd_version },
    { "help", "[COMMAND|exit-codes]", 0, 2, "show help", NULL, NULL, 0, cli_cmd_help },
};
const size_t cli_commands_count = RIV_COUNT(cli_commands);
/* clang-format on */
