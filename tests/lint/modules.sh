#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# modules - the object files keep to the house map, milter/MODULES.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command nm awk

map=$srcdir/milter/MODULES
grep -v '^#' "$map" >"$scratch/map"
(cd "$srcdir/milter" && find . -name '*.c' | sed 's|^\./||; s|\.c$||') | sort \
    >"$scratch/files"
echo sql_embedded >>"$scratch/files"
sort -o "$scratch/files" "$scratch/files"
awk '{ print $1 }' "$scratch/map" | sort >"$scratch/names"
is "$(comm -23 "$scratch/files" "$scratch/names")" '' 'each file is on the map'
is "$(comm -13 "$scratch/files" "$scratch/names")" '' 'nothing else is on the map'

# "D module symbol" and "U module symbol" of every object that the map names.
while read -r module _; do
    object=$builddir/milter/$module.o
    [ "$module" != sql_embedded ] || object=$builddir/sql_embedded.o
    [ -f "$object" ] || continue
    nm -P "$object" | awk -v module="$module" '
        $2 == "U" { print "U", module, $1 }
        $2 ~ /^[TDBRVWC]$/ { print "D", module, $1 }'
done <"$scratch/map" >"$scratch/symbols"
ok 'objects were found' test -s "$scratch/symbols"

awk '
    FILENAME ~ /map$/ {
        layer[$1] = $2
        pure[$1] = $3 == "pure"
        count = $4 == "-" ? 0 : split($4, parts, ",")
        for (i = 1; i <= count; i++) {
            prefixes[parts[i]] = 1
            may[$1, parts[i]] = 1
        }
        next
    }
    $1 == "D" { owner[$3] = $2; next }
    { calls[++n] = $2 " " $3 }
    END {
        bad = "^(open|open64|fopen|fopen64|freopen|openat|unlink|rename|remove|stat|" \
            "stat64|fstat|lstat|opendir|read|write|pread|pwrite|socket|connect|bind|" \
            "listen|accept|send|recv|sendto|recvfrom|getaddrinfo|time|clock|" \
            "clock_gettime|gettimeofday|sleep|usleep|nanosleep|localtime|localtime_r|" \
            "syslog|printf|puts|fprintf|perror|getenv|setenv|system|fork|execv|execve|" \
            "popen|rand|random|pthread_mutex_.*|pthread_create|pthread_rwlock_.*|" \
            "exit|abort|_exit)$"
        for (i = 1; i <= n; i++) {
            split(calls[i], call, " ")
            module = call[1]
            symbol = call[2]
            if (symbol in owner && owner[symbol] != module) {
                other = owner[symbol]
                if (layer[other] >= layer[module])
                    print "layer: " module " (" layer[module] ") calls " other " (" \
                        layer[other] "): " symbol
                if (pure[module] && other ~ /^(base\/(clock|log|notify|privs)|store\/)/)
                    print "pure: " module " calls " other ": " symbol
            } else if (!(symbol in owner)) {
                for (prefix in prefixes)
                    if (index(symbol, prefix) == 1 && !((module, prefix) in may))
                        print "library: " module " calls " symbol
                if (pure[module] && symbol ~ bad)
                    print "pure: " module " calls " symbol
                if (module !~ /^(main|milter|tool\/.*)$/ && symbol ~ /^(exit|_exit|abort)$/)
                    print "stop: " module " calls " symbol
            }
        }
    }' "$scratch/map" "$scratch/symbols" >"$scratch/faults"
for rule in layer pure library stop; do
    grep "^$rule:" "$scratch/faults" | sort -u >"$scratch/$rule" || :
    is "$(cat "$scratch/$rule")" '' "the map's rule \"$rule\" is kept"
done

# Exported names are prefixed: libmilter has some 190 globals of its own.
if command -v gcc >/dev/null; then
    library=$(find /usr/lib -name 'libmilter.so' 2>/dev/null | head -n 1)
    if [ -n "$library" ]; then
        nm -D -P --defined-only "$library" | awk '{ print $1 }' | sort -u >"$scratch/theirs"
        awk '$1 == "D" { print $3 }' "$scratch/symbols" | sort -u >"$scratch/ours"
        is "$(comm -12 "$scratch/theirs" "$scratch/ours")" '' \
            'no global has a name that libmilter has'
    else
        skip 'names of libmilter' 'no libmilter.so'
    fi
fi
tap_end
