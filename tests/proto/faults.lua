local conn = begin()
is(mail(conn, {message_id = id}), want == "pass" and SMFIR_CONTINUE or SMFIR_REPLYCODE,
    id .. ": " .. want)
finish(conn)
