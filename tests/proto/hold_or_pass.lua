local conn = begin()
is(mail(conn, {message_id = id, subject = "score-hold"}), SMFIR_CONTINUE, id)
is(mt.eom_check(conn, MT_QUARANTINE), want == "hold", id .. " is " .. want)
finish(conn)
