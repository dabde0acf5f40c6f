-- One mail by what the command line says: -D id= want= [ip= port= version= from= auth=
-- to= subject= uid= script=]. want: refused (at MAIL FROM), pass, hold, reject, defer.
local conn = begin{ip = ip, port = tonumber(port or "4711"), version = version}
local macros = {"i", "4jXORDER1"}
if auth then
    macros[#macros + 1] = "{auth_authen}"
    macros[#macros + 1] = auth
end
mt.macro(conn, SMFIC_MAIL, (unpack or table.unpack)(macros))
mt.mailfrom(conn, from or "<bob@here.example>")
local reply = mt.getreply(conn)
local got = reply == SMFIR_REPLYCODE and "refused" or "accepted"
if reply == SMFIR_CONTINUE then
    local first = {}
    if uid then
        first[1] = {"X-Outgate-Local-UID", " " .. uid}
    end
    if version then
        first[1] = {"Received", " (from www-data@localhost)\n\tby gate.test " ..
            "(8.17.1.9/8.17.1.9/Submit) id x;\n\tSun, 22 Nov 2026 03:26:34 GMT"}
        if version == "8.17.1.9 smtp" then
            first[1] = nil
        end
    end
    mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", "smtp")
    mt.rcptto(conn, to or "<ann@there.example>")
    header(conn, {message_id = id, subject = subject, first = first,
        fields = script and {{"X-PHP-Originating-Script", " " .. script}} or {}})
    mt.bodystring(conn, "Hello Ann,\r\nsee you at noon.\r\n")
    mt.eom(conn)
    reply = mt.getreply(conn)
    if reply == SMFIR_REPLYCODE then
        got = "no" -- reject or defer: the log tells which
    elseif reply == SMFIR_CONTINUE then
        got = mt.eom_check(conn, MT_QUARANTINE) and "hold" or "pass"
    end
end
if want == "reject" or want == "defer" then
    want = "no"
end
is(got, want, id .. " " .. want)
finish(conn)
