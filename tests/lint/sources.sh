#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# sources - the lists in Makefile.am are what lies in the folders.
#   sources.sh          compare (TAP)
#   sources.sh --fix    write the lists
LC_ALL=C
export LC_ALL
srcdir=${srcdir:-$(dirname "$0")/../..}
cd "$srcdir" || exit 1

# list NAME FILE... - "NAME = \" and one file a line.
list() {
    name=$1
    shift
    printf '%s =' "$name"
    for file in "$@"; do
        printf ' \\\n\t%s' "$file"
    done
    echo
}

find_sorted() {
    find "$@" -type f | sort
}

part_library() {
    list LIBRARY_SOURCES $(find_sorted milter \( -name '*.c' -o -name '*.h' \
        -o -name '*.def' \) ! -path milter/main.c ! -path 'milter/milter.*' \
        ! -path 'milter/tool/*')
    if [ -f sql/embed.sh ]; then
        echo 'nodist_liboutgate_a_SOURCES = sql_embedded.c'
        echo 'BUILT_SOURCES = sql_embedded.c'
        list SQL_FILES $(find_sorted sql -name '*.sql')
        printf 'sql_embedded.c: sql/embed.sh $(SQL_FILES)\n'
        printf '\t$(AM_V_GEN)$(SHELL) $(srcdir)/sql/embed.sh $(srcdir)/sql/*.sql >$@.new\n'
        printf '\t$(AM_V_at)mv -f $@.new $@\n'
    fi
}

part_programs() {
    if [ -f milter/main.c ]; then
        echo 'sbin_PROGRAMS += outgate-milter'
        list outgate_milter_SOURCES $(find_sorted milter -path 'milter/main.[ch]' \
            -o -path 'milter/milter.[ch]')
        echo 'outgate_milter_LDADD = $(LDADD) $(MILTER_LIBS)'
    fi
    if [ -f milter/tool/outgate.c ]; then
        echo 'bin_PROGRAMS += outgate'
        echo 'outgate_LDADD = $(LDADD) $(ZLIB_LIBS) $(MICROHTTPD_LIBS) $(NCURSES_LIBS)'
        list outgate_SOURCES $(find_sorted milter/tool -name '*.[ch]')
    fi
}

part_manual() {
    list MANUAL $(find_sorted milter -name '*.[1-8]')
    echo 'dist_man_MANS += $(MANUAL)'
}

part_rules() {
    list STOCK_RULES $(find_sorted rules -name '*.cf')
    list CONTRIB_FILES $(find_sorted contrib)
}

# test_*.c are tests, [kf]ill_*.c and drive_*.c programs that tests start, oracle_*.c compare with
# libraries that outgate itself does not use.
part_unit() {
    tests=$(find_sorted tests/unit -name 'test_*.c' | sed 's/\.c$//')
    helpers=$(find_sorted tests/unit \( -name '[kf]ill_*.c' -o -name 'drive_*.c' \) | sed 's/\.c$//')
    oracles=$(find_sorted tests/unit -name 'oracle_*.c' | sed 's/\.c$//')
    benches=$(find_sorted tests/bench -name '*.c' | sed 's/\.c$//')
    list UNIT_CASES $tests
    list UNIT_HELPERS $helpers
    list ORACLES $oracles
    list BENCHES $benches
    echo 'if HAVE_CMOCKA'
    echo 'UNIT_TESTS = $(UNIT_CASES)'
    echo 'check_PROGRAMS += $(UNIT_CASES)'
    echo 'else'
    echo 'UNIT_TESTS ='
    echo 'endif'
    echo 'check_PROGRAMS += $(UNIT_HELPERS)'
    echo 'if HAVE_ORACLES'
    echo 'check_PROGRAMS += $(ORACLES)'
    echo 'endif'
    echo 'EXTRA_PROGRAMS = $(BENCHES)'
    for test in $tests; do
        name=$(echo "$test" | tr '/.' '__')
        echo "${name}_LDADD = \$(LDADD) \$(CMOCKA_LIBS)"
    done
    for oracle in $oracles; do
        name=$(echo "$oracle" | tr '/.' '__')
        echo "${name}_CPPFLAGS = \$(AM_CPPFLAGS) \$(ORACLE_CFLAGS)"
        echo "${name}_LDADD = \$(LDADD) \$(ORACLE_LIBS)"
    done
}

part_scripts() {
    list SCRIPT_TESTS $(find_sorted tests/unit tests/rules tests/proto tests/e2e -name '*.sh' \
        ! -name 'lib*.sh')
}

part_lint() {
    list LINT_TESTS $(find_sorted tests/lint -name '*.sh' ! -name 'analyze.sh' \
        ! -name 'lib*.sh')
}

part_fuzz() {
    tests=$(find_sorted tests/fuzz -name 'fuzz_*.c' | sed 's/\.c$//')
    echo 'if FUZZERS'
    list noinst_PROGRAMS $tests
    for test in $tests; do
        name=$(echo "$test" | tr '/.' '__')
        echo "${name}_LDFLAGS = \$(AM_LDFLAGS) -fsanitize=fuzzer"
    done
    echo 'endif'
}

rewrite() {
    skip=
    while IFS= read -r line; do
        case $line in
        '# begin '*)
            printf '%s\n' "$line"
            "part_${line#\# begin }"
            skip=1
            ;;
        '# end '*)
            printf '%s\n' "$line"
            skip=
            ;;
        *)
            [ -n "$skip" ] || printf '%s\n' "$line"
            ;;
        esac
    done
}

if [ "$1" = --fix ]; then
    rewrite <Makefile.am >Makefile.am.new || exit 1
    cmp -s Makefile.am Makefile.am.new || cat Makefile.am.new >Makefile.am
    rm -f Makefile.am.new
    exit 0
fi

echo 1..1
if want=$(rewrite <Makefile.am | diff Makefile.am - 2>&1); then
    echo 'ok 1 - Makefile.am lists what lies in the folders'
else
    echo 'not ok 1 - Makefile.am lists what lies in the folders'
    printf '%s\n' "$want" | sed 's/^/# /'
    echo '# tests/lint/sources.sh --fix writes the lists'
fi
