-- several messages on one connection
local conn = begin()
for i = 1, 5 do
    is(mail(conn, {id = "4jXSEVER" .. i, message_id = "several-" .. i}), SMFIR_CONTINUE,
        "message " .. i .. " of five on a connection")
end

-- given up between messages: after MAIL, after the header, within the body
envelope(conn, {message_id = "aborted"})
mt.abort(conn)
envelope(conn, {})
header(conn, {message_id = "aborted"})
mt.abort(conn)
envelope(conn, {})
header(conn, {message_id = "aborted", subject = "score-reject"})
mt.bodystring(conn, "half of it")
mt.abort(conn)
is(mail(conn, {message_id = "after-abort"}), SMFIR_CONTINUE,
    "what was given up leaves nothing behind")
finish(conn)

-- gone without a word: after HELO, after MAIL, within header and body
for stage = 1, 4 do
    conn = begin()
    if stage >= 2 then envelope(conn, {}) end
    if stage >= 3 then header(conn, {message_id = "vanished"}) end
    if stage >= 4 then mt.bodystring(conn, string.rep("x", 60000)) end
    mt.disconnect(conn, false)
end
conn = begin()
is(mail(conn, {message_id = "after-vanish"}), SMFIR_CONTINUE,
    "four clients that vanish do no harm")

-- no body at all; no header but the least
is(mail(conn, {message_id = "bodyless", body = ""}), SMFIR_CONTINUE, "no body")
envelope(conn, {})
mt.eoh(conn)
mt.eom(conn)
is(mt.getreply(conn), SMFIR_CONTINUE, "no header field at all")
finish(conn)

-- two sessions interleaved
local one, two = begin(), begin{ip = "198.51.100.9"}
envelope(one, {auth = "one", id = "4jXONE"})
envelope(two, {auth = "two", id = "4jXTWO"})
header(one, {message_id = "session-one"})
header(two, {message_id = "session-two"})
mt.bodystring(two, "two\r\n")
mt.bodystring(one, "one\r\n")
mt.eom(two)
mt.eom(one)
ok(mt.getreply(one) == SMFIR_CONTINUE and mt.getreply(two) == SMFIR_CONTINUE,
    "two sessions at a time")
finish(one)
finish(two)
