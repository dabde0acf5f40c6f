local MARK = "X-Outgate-Ticket"

-- One message; returns the reply and the marks that were added and taken out.
local function pass(t)
    local conn = begin(t)
    local reply = mail(conn, t)
    local out = {reply = reply, held = mt.eom_check(conn, MT_QUARANTINE),
        slow = mt.eom_check(conn, MT_HDRADD, "X-Outgate-Lane"),
        removed = mt.eom_check(conn, MT_HDRDELETE, MARK)}
    out.mark = mt.getheader(conn, MARK, 0)
    finish(conn)
    return out
end

-- The mark that the store gave a message.
local function mark_of(where)
    local ask = io.popen("sqlite3 -cmd '.timeout 5000' " .. db ..
        " \"select mark from ticket where " .. where ..
        " order by made_us desc, message is null limit 1\"")
    local mark = ask:read("*l")
    ask:close()
    return mark
end

local function of_message(id)
    return mark_of("message = (select max(id) from message where message_id = '" .. id ..
        "')")
end

-- The second pass of t, changed by `more`.
local function leave(t, mark, more)
    local second = {daemon = "BORDER", fields = {}}
    for key, value in pairs(t) do
        second[key] = value
    end
    second.auth = nil
    second.ip = "127.0.0.1"
    second.first = {{"Received", " from localhost (localhost [127.0.0.1])\n\tby gate.test"}}
    if mark then
        second.fields = {{MARK, " " .. mark}}
    end
    for key, value in pairs(more or {}) do
        second[key] = value
    end
    return pass(second)
end

if phase == "brake-before" then
    for _, name in ipairs{"carol", "boss", "dave"} do
        local got = pass{message_id = "k-" .. name, auth = name,
            subject = name == "dave" and "score-hold" or nil}
        is(got.reply, SMFIR_CONTINUE, name .. ": first pass")
    end
    pass{message_id = "k-in", ip = "198.51.100.7", from = "<eve@else.example>",
        to = {"<ann@here.example>"}}
    return
elseif phase == "brake" then
    for name, held in pairs{carol = true, boss = false, dave = false} do
        local id = "k-" .. name
        local got = leave({message_id = id,
            subject = name == "dave" and "score-hold" or nil}, of_message(id))
        is(got.held, held, name .. ": " .. (held and "waits" or "leaves"))
        ok(got.removed, name .. ": the ticket is taken off")
    end
    return
elseif phase == "brake-after" then
    local got = leave({message_id = "k-carol"}, of_message("k-carol"))
    ok(not got.held, "requeued: a person let it go")
    return
end

local t = {message_id = "b-plain", auth = "carol", id = "Q1"}
local got = pass(t)
is(got.reply, SMFIR_CONTINUE, "first pass: goes on")
local mark = of_message("b-plain")
is(mark and #mark, 32, "first pass: a ticket is kept")
got = leave(t, mark, {id = "Q2"})
is(got.reply, SMFIR_CONTINUE, "border: goes on")
ok(got.removed, "border: the ticket is taken off")
ok(not got.slow and not got.held, "border: neither slow nor held")

-- a ticket from outside is no ticket
t = {message_id = "b-refused", subject = "score-reject", fields = {{MARK, " " .. mark}}}
got = pass(t)
ok(got.reply == SMFIR_REPLYCODE or got.reply == SMFIR_REJECT, "refused as ever")

-- inbound, sent on by an alias
t = {message_id = "b-alias", ip = "198.51.100.7", from = "<eve@else.example>",
    to = {"<ann@here.example>"}, fields = {{MARK, " " .. mark}}}
got = pass(t)
is(got.reply, SMFIR_CONTINUE, "inbound: goes on")
ok(got.removed, "inbound: a forged ticket goes")
mark = mark_of("message is null")
is(mark and #mark, 32, "inbound: gets a ticket")
got = leave(t, mark, {to = {"<ann@there.example>"},
    first = {{"Delivered-To", " ann@here.example"}}})
is(got.reply, SMFIR_CONTINUE, "forwarded: goes on")
ok(got.removed, "forwarded: the ticket is taken off")

t = {message_id = "b-spam", ip = "198.51.100.8", from = "<eve@else.example>",
    to = {"<ann@here.example>"}, subject = "score-reject"}
got = pass(t)
ok(not got.held, "inbound spam: not ours to judge")
got = leave(t, mark_of("message is null and client_ip = '198.51.100.8'"),
    {to = {"<ann@there.example>"}})
is(got.reply, SMFIR_CONTINUE, "forwarded spam: not refused")
ok(got.held, "forwarded spam: held")

-- two recipients decided, one of them an alias here that becomes two
t = {message_id = "b-extra", auth = "bob",
    to = {"<ann@there.example>", "<team@here.example>"}}
pass(t)
got = leave(t, of_message("b-extra"),
    {to = {"<Ann@There.Example>", "<x@there.example>", "<y@there.example>"}})
is(got.reply, SMFIR_CONTINUE, "expanded: goes on")
ok(not got.held, "expanded: inside the limit")

-- one text of a campaign, expanded: its new recipients are of that campaign
t = {message_id = "b-text", auth = "kim", body = "We have an extraordinary offer of " ..
    "garden furniture for you this weekend only, with chairs and tables made of solid " ..
    "oak, delivered to your door within two working days, and you may return it " ..
    "within thirty days if it does not please you.\r\n"}
pass(t)
leave(t, of_message("b-text"), {to = {"<z@there.example>"}})

-- a copied ticket: the same mail, once more, until the limit holds it
t = {message_id = "b-twice", auth = "dave"}
pass(t)
mark = of_message("b-twice")
leave(t, mark)
got = leave(t, mark)
ok(not got.held, "copied: charged")
got = leave(t, mark, {message_id = "b-twice", to = {"<1@x.example>", "<2@x.example>",
    "<3@x.example>", "<4@x.example>", "<5@x.example>"}})
ok(got.held, "copied: its sender's limit holds it")

t = {message_id = "b-changed", auth = "erin"}
pass(t)
got = leave(t, of_message("b-changed"), {body = "Buy now.\r\n"})
ok(got.removed, "changed: the ticket is taken off")
t = {message_id = "b-other-from", auth = "fred"}
pass(t)
mark = of_message("b-other-from")
leave(t, mark, {fields = {{MARK, " " .. mark}, {"From", " bank@bank.example"}}})
leave({message_id = "b-unknown"}, string.rep("0123456789abcdef", 2))
leave({message_id = "b-none"})

t = {message_id = "b-bounce", from = "<>", subject = "score-reject"}
got = leave(t)
is(got.reply, SMFIR_CONTINUE, "bounce: not refused")
ok(got.held, "bounce: what scores waits")

t = {message_id = "b-slow", auth = "gina", subject = "score-slow"}
pass(t)
got = leave(t, of_message("b-slow"))
ok(got.slow, "slow: takes the slow lane at the border")
ok(got.removed, "slow: the ticket is taken off")

t = {message_id = "b-held", auth = "hugo", subject = "score-hold"}
got = pass(t)
ok(got.held, "held at the first pass")
got = leave(t, of_message("b-held"))
is(got.reply, SMFIR_CONTINUE, "released: goes on")
ok(not got.held, "released: not held again")

t = {message_id = "b-requeued", from = "<>", subject = "score-hold"}
got = leave(t)
ok(got.held, "held at the border")
got = leave(t, of_message("b-requeued"))
ok(not got.held, "put back to the queue: not held again")

-- a mail filter's redirect: sendmail(1) with a stranger's mail as it came
t = {message_id = "b-redirect", ip = "198.51.100.10", from = "<eve@else.example>",
    to = {"<ann@here.example>"}}
pass(t)
mark = mark_of("message is null and client_ip = '198.51.100.10'")
local again = {message_id = "b-redirect", port = 0, from = "eve@else.example",
    to = {"ann@there.example"}, first = {{"X-Outgate-Local-UID", " 5000"}},
    fields = {{MARK, " " .. mark}}}
got = pass(again)
ok(got.removed, "redirect: the old ticket is taken off")
leave({message_id = "b-redirect", from = "<eve@else.example>"}, of_message("b-redirect"))
again.message_id = "b-own"
pass(again)
again.message_id, again.auth, again.port = "b-redirect", "ivy", nil
pass(again)

pass{message_id = "b-fake-daemon", helo = "BORDER"}
