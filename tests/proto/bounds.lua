local conn = begin()

-- a thousand recipients
local to = {}
for i = 1, 1000 do
    to[i] = "<r" .. i .. "@there" .. (i % 50) .. ".example>"
end
is(mail(conn, {message_id = "b-recipients", to = to}), SMFIR_CONTINUE,
    "a thousand recipients")

-- larger than what is read: passed, with the fact that says so
envelope(conn, {})
header(conn, {message_id = "b-large"})
local piece = string.rep("A line of text that says nothing much at all today.\r\n", 1200)
for i = 1, 40 do
    mt.bodystring(conn, piece)
end
mt.eom(conn)
is(mt.getreply(conn), SMFIR_CONTINUE, "2.6 MB where 64k are read")

-- thousands of header fields, one huge field, 8-bit and control characters
local fields = {}
for i = 1, 3000 do
    fields[i] = {"X-Field-" .. i, " value " .. i}
end
is(mail(conn, {message_id = "b-fields", fields = fields}), SMFIR_CONTINUE,
    "three thousand fields")
-- (miltertest itself dies of longer ones, and of NUL: the MTAs send those)
is(mail(conn, {message_id = "b-field", fields = {{"X-Long", string.rep("y", 900)}}}),
    SMFIR_CONTINUE, "a field of 900 bytes")
is(mail(conn, {message_id = "b-bytes", subject = "\1\127\128\255 \27[31m",
    body = "\1\2\255\254\r\n.\r\n"}), SMFIR_CONTINUE, "bytes of all sorts")
is(mail(conn, {message_id = "b-address", from = "<" .. string.rep("a", 900) .. "@x>"}),
    SMFIR_CONTINUE, "an address of 900 bytes")

-- a body that comes byte by byte
envelope(conn, {})
header(conn, {message_id = "b-bytewise"})
for c in string.gmatch("Hi Ann,\r\n\r\nsee you.\r\n", ".") do
    mt.bodystring(conn, c)
end
mt.eom(conn)
is(mt.getreply(conn), SMFIR_CONTINUE, "byte by byte")
finish(conn)
