#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# embed.sh - print a C file that holds the SQL of the files named: NNN-name.sql are
# schema steps, views.sql is the views. Usage: sh sql/embed.sh sql/*.sql > sql_embedded.c
set -eu
LC_ALL=C
export LC_ALL

# a file as C string literals, one a line
literals() {
    awk '{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "    \"%s\\n\"\n", $0 }' "$1"
}

views=
steps=
for file in "$@"; do
    case ${file##*/} in
    views.sql) views=$file ;;
    [0-9][0-9][0-9]-*.sql) steps="$steps $file" ;;
    *) echo "embed.sh: $file is neither NNN-name.sql nor views.sql" >&2; exit 1 ;;
    esac
done
if [ -z "$views" ] || [ -z "$steps" ]; then
    echo "usage: embed.sh NNN-name.sql... views.sql" >&2
    exit 1
fi

echo '/* Written by sql/embed.sh: do not edit. */'
echo '#include "store/schema.h"'
echo
echo 'const struct schema_step outgate_schema_steps[] = {'
last=0
for file in $(printf '%s\n' $steps | awk -F/ '{ print $NF " " $0 }' | sort |
              cut -d' ' -f2-); do
    name=${file##*/}
    name=${name%.sql}
    number=$(expr "$name" : '0*\([1-9][0-9]*\)-')
    if [ "$number" -ne $((last + 1)) ]; then
        echo "embed.sh: $file: expected step $((last + 1))" >&2
        exit 1
    fi
    last=$number
    echo "    {$number, \"$name\","
    literals "$file"
    echo '    },'
done
echo '};'
echo 'const size_t outgate_schema_step_count ='
echo '    sizeof outgate_schema_steps / sizeof outgate_schema_steps[0];'
echo
echo 'const char outgate_schema_views[] ='
literals "$views"
echo '    ;'
