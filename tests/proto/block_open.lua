-- A block bites at the next MAIL of a session that is open already, and ends as soon.
local conn = begin()
is(mail(conn, {message_id = "open-before", auth = "Eve@Here.example"}), SMFIR_CONTINUE,
    "before the block")
os.execute(tool .. " block sasl_user:eve@here.example --for 1h >/dev/null")
local function mail_from()
    mt.macro(conn, SMFIC_MAIL, "i", "4jXOPEN", "{auth_authen}", "Eve@Here.example")
    mt.mailfrom(conn, "<bob@here.example>")
    return mt.getreply(conn)
end
for i = 1, 20 do
    is(mail_from(), SMFIR_REPLYCODE, "refused at MAIL FROM, " .. i)
end
os.execute(tool .. " unblock sasl_user:eve@here.example >/dev/null")
is(mail_from(), SMFIR_CONTINUE, "unblocked")
mt.abort(conn)
is(mail(conn, {message_id = "open-after", auth = "Eve@Here.example"}), SMFIR_CONTINUE,
    "and sends")

-- One that begins while the message is on its way is seen at the message's end.
envelope(conn, {auth = "mid"})
header(conn, {message_id = "open-mid"})
mt.bodystring(conn, "half of it\r\n")
os.execute(tool .. " block sasl_user:mid >/dev/null")
mt.eom(conn)
is(mt.getreply(conn), SMFIR_REPLYCODE, "blocked within the message")
finish(conn)
