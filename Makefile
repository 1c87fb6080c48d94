# Two commands for a newcomer: make run, make test. Each sets up what it needs by itself. The rest: docs/hacking.md.
#
#   make run            compile the hello program, start three nodes, send a particle across them, show the answer; then a market:
#                       an offer, a job, two epochs of paid work, the ledger
#   make test           build and run every test (suites against the original implementations too)
#   make                build only
#   make check          order of rooms, quotes, format, and the tests again with clang under ASan and UBSan, threads under TSan
#   make full           the long suites: 20,000 made-up networks against each original, 10,000 simulated networks with faults,
#                       100,000 steps of made-up market histories, 20,000 simulated markets,
#                       the original's command line (470 MB of packages, ports 8545 and 8000)
#   make bench          figures and ratios; nothing asserts on time
#   make fuzz           fuzz the interpreter with scripts, data, call results and lambdas, 10 minutes each (S=SECONDS)
#   make fuzz T=NAME    fuzz one target; T=list lists them
#   make sim SEED=N     one run of the simulated network, with its log
#   make clean          remove what was built (.deps/ stays; make distclean removes that too)

BUILD ?= build
S     ?= 600
JOBS  ?= $(shell nproc)
export CTEST_OUTPUT_ON_FAILURE = 1
export PATH := $(CURDIR)/.deps/oracles/bin:$(PATH)

.PHONY: all run test check full bench fuzz sim clean distclean setup
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet rivulet

setup:
	@tools/setup

$(BUILD)/build.ninja: setup
	@test -f $@ || { echo "configuring $(BUILD)" >&2; cmake -S . -B $(BUILD) -G Ninja >$(BUILD).log 2>&1 || { tail -20 $(BUILD).log; exit 1; }; mv $(BUILD).log $(BUILD)/configure.log; }

run: all
	@$(BUILD)/rivulet demo
	@echo
	@$(BUILD)/rivulet demo --market

test: $(BUILD)/build.ninja
	@tools/setup-oracles
	@ninja -C $(BUILD) --quiet rivulet all_tests
	@ctest --test-dir $(BUILD) --parallel $(JOBS) $(if $(L),-L '$(L)')

# One tree for each sanitizer; suites that start other programs or take minutes run in `make test` only.
check: setup
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all
	@ninja -C $(BUILD) --quiet all_tests
	@ctest --test-dir $(BUILD) -L check
	@cmake -S . -B $(BUILD)-asan -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DRIV_SANITIZE=address,undefined >/dev/null
	@ninja -C $(BUILD)-asan --quiet rivulet all_tests
	@ctest --test-dir $(BUILD)-asan --parallel $(JOBS) -LE "interop|conform|check"
	@cmake -S . -B $(BUILD)-tsan -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DRIV_SANITIZE=thread >/dev/null
	@ninja -C $(BUILD)-tsan --quiet rivulet host_tests
	@TSAN_OPTIONS=suppressions=$(CURDIR)/tests/e2e/tsan.supp ctest --test-dir $(BUILD)-tsan --parallel $(JOBS) -L '^host$$|e2e'

full: all
	@tools/setup-oracles
	@ninja -C $(BUILD) --quiet sim_campaign conform_spoil sim_market_random_test sim_trade_campaign_test interop_deal_search
	@$(BUILD)/tests/sim_campaign 10000 1
	@$(BUILD)/tests/sim_market_random_test 100000 1000
	@$(BUILD)/tests/sim_trade_campaign_test 20000 1000
	@for v in 0.62 0.64; do AVM_VERSION=$$v RIVULET=$(CURDIR)/$(BUILD)/rivulet sh tests/conform/run.sh avm compare.mjs --generate 20000 --seed 100000 --mixed 1 --sessions --table || exit 1; done
	@for v in 0.62 0.64; do AVM_VERSION=$$v RIVULET=$(CURDIR)/$(BUILD)/rivulet SPOIL=$(CURDIR)/$(BUILD)/tests/conform_spoil sh tests/conform/run.sh avm tampering.mjs --random 10000 --seed 100000 || exit 1; done
	@for v in 0.62 0.64; do AVM_VERSION=$$v RIVULET=$(CURDIR)/$(BUILD)/rivulet sh tests/conform/run.sh avm grammar.mjs --count 100000 || exit 1; done
	@for what in --generate --mutate; do RIVULET=$(CURDIR)/$(BUILD)/rivulet sh tests/conform/run.sh aqua compare.mjs $$what 5000 --seed 100000 || exit 1; done
	@ctest --test-dir $(BUILD) -C full -L fluence-cli

bench: all
	@tools/setup-oracles
	@ninja -C $(BUILD) --quiet all_bench
	@bench/run $(BUILD)

FUZZ = $(if $(T),$(T),avm_script_fuzz avm_data_fuzz avm_results_fuzz avm_lambda_fuzz)
fuzz: setup
	@cmake -S . -B $(BUILD)-fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DRIV_FUZZ=ON -DRIV_SANITIZE=address,undefined >/dev/null
	@if [ "$(T)" = list ]; then ninja -C $(BUILD)-fuzz -t targets all | sed -n 's/^\([a-z0-9_]*_fuzz\): phony$$/\1/p' | sort -u; else \
	  ninja -C $(BUILD)-fuzz --quiet $(FUZZ) || exit 1; \
	  for t in $(FUZZ); do echo "$$t, $(S) seconds"; mkdir -p $(BUILD)-fuzz/found/$$t; \
	    $(BUILD)-fuzz/fuzz/$$t -max_total_time=$(S) -timeout=10 -rss_limit_mb=4096 $(BUILD)-fuzz/found/$$t tests/corpus/$$t || exit 1; done; fi

sim: all
	@ninja -C $(BUILD) --quiet sim_campaign
	@$(BUILD)/tests/sim_campaign show $(or $(SEED),1)

clean:
	@rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-clang
distclean: clean
	@rm -rf .deps
