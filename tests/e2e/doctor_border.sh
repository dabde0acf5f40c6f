#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate doctor where all that leaves passes the gate a second time: the probes of all
# three ways arrive, and what leads past the border is found and mended.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue postconf smtp-sink sqlite3 perl python3
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/doctor.sh"

postfix_border=1
gate_config ''
gate_overlay "$(mta_section)
[milter]
pid_file = $gate/pid
[notify]
to = root@here.example
[border]
enabled = yes"
gate_start
postfix_start || exit 99

doctor >"$scratch/well.json"
is $? 0 'a border as contrib has it'
is "$(fields section check level <"$scratch/well.json" | grep -Ev '[|]clock[|]|^dns' |
    grep -E 'bad|warning')" '' 'nothing is bad, nor to be repaired'
is "$(sql 'select path, class, action from message order by path')" 'border|outbound|hold
local|outbound|hold
smtp|outbound|hold' 'three probes arrived, each on its way'
is "$(postqueue -c "$postfix_etc" -j | wc -l)" 0 'nothing is left in the queue'
is "$(sink_count probe)" 0 'nothing left the host'
is "$(sql 'select count(*) from ticket')" 0 'no ticket was given'

wrongly mta border bad 'a route past the border' pc -e 'default_transport = smtp'
wrongly mta border bad 'another route past it' pc -e 'relay_transport = relay'
wrongly mta border bad 'a gate that does not know the border' drop_in '[border]
enabled = no'
pc -e 'transport_maps = inline:{ there.example=smtp: }'
is "$(levels border_by_path --fast --only mta)" 'warning ' 'routes of their own'
tap_end
