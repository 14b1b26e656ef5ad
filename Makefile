# gonogo: evidence of canary rollouts. "make deps demo" shows it, "make deps check" tests it; see README.md.
VERSION = 0.1.0

PREFIX = /usr/local
DESTDIR =
BUILD = build
CC = gcc
SANITIZE =

PKGS_REPORT = libcjson sqlite3 libcrypto yaml-0.1 zlib
PKGS_COLLECTOR = libcurl libmicrohttpd
PKGS_SAMPLES = liblzma libmicrohttpd

STD = -std=c17 -D_GNU_SOURCE -DGONOGO_VERSION='"$(VERSION)"'
WARN = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Werror=format-security -Wstrict-prototypes -Wmissing-prototypes
# facts: OpenSSF hardening guide; -ffp-contract=off so that every machine computes the same digits.
HARDEN = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	$(if $(findstring clang,$(CC)),,-ftrivial-auto-var-init=zero) -fPIE
OPT = -O2 -g
CFLAGS = $(OPT) $(WERROR)
WERROR =
ALL_CFLAGS = $(STD) $(WARN) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all,$(HARDEN)) \
	-ffp-contract=off -Iinclude $(shell pkg-config --cflags $(PKGS_REPORT) 2>/dev/null) $(CFLAGS)
ALL_LDFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE),-pie -Wl,-z,relro,-z,now,-z,noexecstack) $(LDFLAGS)
LIBS_REPORT = $(shell pkg-config --libs $(PKGS_REPORT) 2>/dev/null) -lhpdf -lm
LIBS_COLLECTOR = $(shell pkg-config --libs $(PKGS_COLLECTOR) 2>/dev/null)
LIBS_SAMPLES = $(shell pkg-config --libs $(PKGS_SAMPLES) 2>/dev/null)

MAINS = collector/main.c report/main.c
SRC_CORE = $(wildcard lib/*.c judge/*.c)
SRC_COLLECTOR = $(filter-out $(MAINS),$(wildcard collector/*.c))
SRC_REPORT = $(filter-out $(MAINS),$(wildcard report/*.c))
SRC_SAMPLES = $(wildcard samples/*.c)
SRC_TESTS = $(wildcard tests/test-*.c)
SRC_SUPPORT = $(wildcard tests/support*.c)
SRC_FUZZ = $(wildcard tests/fuzz/*.c)
SRC_BENCH = $(wildcard tests/bench/*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
PROGRAMS = $(patsubst %,$(BUILD)/%,$(if $(wildcard collector/main.c),gonogo-collector) $(if $(wildcard report/main.c),gonogo) \
	$(if $(SRC_SAMPLES),gonogo-replay))
TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(SRC_TESTS))
BENCHES = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(SRC_BENCH))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(SRC_FUZZ))
ARCHIVES = $(BUILD)/libreport.a $(BUILD)/libcollector.a $(BUILD)/libcore.a

.DEFAULT_GOAL = all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps check check-asan check-valgrind check-plain check-html demo bench bench-judge fuzz fuzzers live lint-c install uninstall clean tests benches

all: $(PROGRAMS)
tests: $(TESTS)
benches: $(BENCHES)
fuzzers: $(FUZZERS)

deps:
	@.ci/deps

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What is embedded: the schema and the default files, as C strings.
$(BUILD)/schema.c: $(wildcard schema/*) Makefile .ci/embed
	@mkdir -p $(@D)
	.ci/embed schema >$@
$(BUILD)/schema.o: $(BUILD)/schema.c
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Archives are made anew: a removed source must not live on in one.
$(BUILD)/libcore.a: $(call obj,$(SRC_CORE)) $(BUILD)/schema.o
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/libcollector.a: $(call obj,$(SRC_COLLECTOR))
	@rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/libreport.a: $(call obj,$(SRC_REPORT))
	@rm -f $@
	$(AR) rcs $@ $^

# The report links neither curl nor microhttpd (facts: 4.7 ms at start, and no way out to the network).
$(BUILD)/gonogo: $(BUILD)/report/main.o $(BUILD)/libreport.a $(BUILD)/libcore.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_REPORT)
$(BUILD)/gonogo-collector: $(BUILD)/collector/main.o $(BUILD)/libcollector.a $(BUILD)/libcore.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COLLECTOR) $(LIBS_REPORT)
$(BUILD)/gonogo-replay: $(call obj,$(SRC_SAMPLES)) $(BUILD)/libcore.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_SAMPLES) $(LIBS_REPORT)

$(BUILD)/tests/test-%: $(BUILD)/tests/test-%.o $(call obj,$(SRC_SUPPORT)) $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_COLLECTOR) $(LIBS_SAMPLES) $(LIBS_REPORT)
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(call obj,$(SRC_SUPPORT)) $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_COLLECTOR) $(LIBS_SAMPLES) $(LIBS_REPORT)
# Fuzz targets: LLVMFuzzerTestOneInput; built with clang's libFuzzer ("make fuzz").
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_COLLECTOR) $(LIBS_REPORT)

-include $(patsubst %.o,%.d,$(call obj,$(SRC_CORE) $(SRC_COLLECTOR) $(SRC_REPORT) $(SRC_SAMPLES) $(SRC_TESTS) $(SRC_SUPPORT) $(MAINS) \
	$(SRC_FUZZ) $(SRC_BENCH)))

# The whole test: plain programs for the scripts, unit tests under ASan+UBSan and under valgrind, fuzz targets for a moment.
check: all
	$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined all tests
	$(MAKE) tests
	BUILD=$(BUILD) tests/run

check-plain: all tests
	BUILD=$(BUILD) PLAIN=1 tests/run

# report.html in Chromium, which is not among the packages of "make deps".
check-html: all
	BUILD=$(BUILD) tests/browser/run

demo: all
	BUILD=$(BUILD) samples/demo

bench: all benches
	BUILD=$(BUILD) tests/bench/run

# The judge's accuracy against its peers; LENGTH=long for a release (judge.md 6).
bench-judge: $(BUILD)/bench/judge
	$(BUILD)/bench/judge $(LENGTH)

fuzz:
	$(MAKE) BUILD=$(BUILD)/fuzzing CC=clang SANITIZE=fuzzer-no-link,address,undefined OPT="-O1 -g" fuzzers
	BUILD=$(BUILD)/fuzzing tests/fuzz/run $(SECONDS_EACH)

live: all
	BUILD=$(BUILD) tests/live

lint-c:
	clang-format --dry-run -Werror $(SRC_CORE) $(SRC_COLLECTOR) $(SRC_REPORT) $(SRC_SAMPLES) $(MAINS) $(wildcard tests/*.c tests/fuzz/*.c)
	clang-tidy --quiet $(SRC_CORE) $(SRC_COLLECTOR) $(SRC_REPORT) $(SRC_SAMPLES) $(MAINS) -- $(STD) -Iinclude

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/gonogo/schema
	install -m 0755 $(BUILD)/gonogo $(BUILD)/gonogo-collector $(DESTDIR)$(PREFIX)/bin
	install -m 0644 $(wildcard docs/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 $(wildcard docs/*.8) $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 $(wildcard schema/*) $(DESTDIR)$(PREFIX)/share/gonogo/schema

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/gonogo $(DESTDIR)$(PREFIX)/bin/gonogo-collector
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/,$(notdir $(wildcard docs/*.1)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,$(notdir $(wildcard docs/*.8)))
	rm -rf $(DESTDIR)$(PREFIX)/share/gonogo

clean:
	rm -rf $(BUILD)
