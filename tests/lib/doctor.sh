# SPDX-License-Identifier: BSD-2-Clause
#
# doctor - what tests of outgate doctor share: its findings, a way to break something,
# find it, paste the lines that are printed, and see that it is gone.

# fields NAME... < JSON LINES - of each finding, divided by "|"
fields() {
    python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print("|".join(str(row[name]) for name in sys.argv[1:]))' "$@"
}

# remedy CHECK < JSON LINES - the lines for a shell of the first finding of that name
# which is not ok.
remedy() {
    python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["check"] == sys.argv[1] and row["level"] != "ok":
        print("\n".join(s["line"] for s in row["repair"] if s["kind"] == "shell"))
        break' "$1"
}

doctor() {
    tool doctor --json "$@" 2>"$scratch/doctor.err"
}

# levels CHECK [OPTIONS...] - of the findings of that name, worst first.
levels() {
    levels_check=$1
    shift
    doctor "$@" >"$scratch/findings.json"
    fields check level <"$scratch/findings.json" | sed -n "s/^$levels_check|//p" |
        sed 's/bad/1&/; s/warning/2&/; s/note/3&/; s/ok/4&/' | sort | sed 's/^.//' |
        tr '\n' ' '
}

# mta_settle - what the MTA needs after an edit, before it is asked or told to reload.
mta_settle() {
    postfix_age
}

is_mended() {
    case $(levels "$wrongly_check" --fast --only "$wrongly_section") in
    *bad* | *warning*) return 1 ;;
    esac
}

# wrongly SECTION CHECK LEVEL TEXT COMMAND... - break it; it is found; the lines that it
# prints are pasted; it is gone.
wrongly() {
    wrongly_section=$1
    wrongly_check=$2
    wrongly_level=$3
    wrongly_text=$4
    shift 4
    "$@" >>"$scratch/break.log" 2>&1 || diag "cannot break: $*"
    mta_settle
    like "$(levels "$wrongly_check" --fast --only "$wrongly_section")" \
        "^$wrongly_level " "$wrongly_text"
    remedy "$wrongly_check" <"$scratch/findings.json" >"$scratch/remedy.sh"
    ok "$wrongly_text: there is a line for it" test -s "$scratch/remedy.sh"
    sed 's/^/+ /' "$scratch/remedy.sh" >>"$scratch/remedies.txt"
    ok "$wrongly_text: it can be pasted" sh -e "$scratch/remedy.sh"
    mta_settle
    # a reload takes the MTA a moment
    wait_for 5 is_mended
    unlike "$(levels "$wrongly_check" --fast --only "$wrongly_section")" \
        'bad|warning' "$wrongly_text: and helps"
}

pc() {
    postconf -c "$postfix_etc" "$@"
}

# drop_in TEXT - what is read last.
drop_in() {
    printf '%s\n' "$1" >"$gate/conf.d/zy.conf"
}
