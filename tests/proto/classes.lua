local function one(t)
    local conn = begin(t)
    local reply = mail(conn, t)
    finish(conn)
    return reply
end

-- subject score-hold: what is scored is quarantined, what is not passes
local function is_scored(t)
    t.subject = "score-hold"
    local conn = begin(t)
    is(mail(conn, t), SMFIR_CONTINUE, t.what .. ": the mail goes on")
    local held = mt.eom_check(conn, MT_QUARANTINE)
    ok(held == t.scored, t.what .. (t.scored and ": is scored" or ": is not scored"))
    finish(conn)
end

is_scored{what = "outbound by network", message_id = "by-network", scored = true}
is_scored{what = "outbound by login", message_id = "by-login", ip = "198.51.100.7",
    auth = "Bob@here.example", scored = true}
is_scored{what = "outbound, one of two elsewhere", message_id = "mixed",
    to = {"<joe@here.example>", "<ann@there.example>"}, scored = true}
is_scored{what = "forwarded", message_id = "forwarded", ip = "198.51.100.7",
    from = "<stranger@else.example>", scored = true}
is_scored{what = "inbound", message_id = "inbound", ip = "198.51.100.7",
    from = "<stranger@else.example>", to = {"<joe@here.example>"}, scored = false}
is_scored{what = "local to local", message_id = "local",
    to = {"<joe@here.example>"}, scored = false}
is_scored{what = "sendmail(1)", message_id = "pickup", port = 0,
    from = "www-data@gate.test", to = {"ann@there.example"},
    first = {{"X-Outgate-Local-UID", " 33"}}, scored = true}
is_scored{what = "sendmail(1) of Sendmail", message_id = "msp", version = "8.17.1.9",
    from = "<www-data@gate.test>", mailer = "relay", first = {{"Received",
    " (from www-data@localhost)\n\tby gate.test (8.17.1.9/8.17.1.9/Submit) id x;\n" ..
    "\tSun, 22 Nov 2026 03:26:34 GMT"}}, scored = true}
is_scored{what = "IPv6 client with a login", message_id = "v6", ip = "2001:db8::77",
    auth = "eve", scored = true}
is_scored{what = "null sender", message_id = "null", from = "<>", scored = true}
