local conn = begin()
for _, word in ipairs{"plain", "score-slow", "score-hold", "score-reject"} do
    is(mail(conn, {message_id = "s-" .. word, subject = word}), SMFIR_CONTINUE,
        word .. " passes")
    ok(not mt.eom_check(conn, MT_QUARANTINE) and not mt.eom_check(conn, MT_HDRADD),
        word .. " is not touched")
end
for i = 1, 3 do
    is(mail(conn, {message_id = "s-limit" .. i, auth = "greedy"}), SMFIR_CONTINUE,
        "over the limit passes, " .. i)
end
is(mail(conn, {message_id = "s-forged", auth = "forger", fields = {{"X-Outgate-Lane", " slow"}}}),
    SMFIR_CONTINUE, "forged")
ok(mt.eom_check(conn, MT_HDRDELETE, "X-Outgate-Lane"),
    "forged fields go even so: they would choose the lane")
finish(conn)
