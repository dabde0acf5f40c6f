local conn = begin()

local function attach(text)
    return "--b\r\nContent-Type: text/plain\r\n\r\nHello Ann.\r\n--b\r\n" ..
        "Content-Type: application/octet-stream\r\n\r\n" .. text .. "\r\n--b--\r\n"
end

local function send(id, auth, text)
    return mail(conn, {message_id = id, auth = auth, body = attach(text), fields = {
        {"Date", " Mon, 2 Mar 2026 10:12:31 +0100"}, {"MIME-Version", " 1.0"},
        {"Content-Type", " multipart/mixed; boundary=b"}}})
end

if away then
    is(send("away-1", "bob", "the plan"), SMFIR_CONTINUE, "no refusal without a scanner")
    send("away-2", "bob", "the plan")
elseif back then
    send("back-1", "bob", "the plan")
else
    send("clean", "bob", "the plan")
    is(send("virus", "eve", "the plan, " .. words .. " and so on"), SMFIR_REPLYCODE,
        "a virus is refused")
end
finish(conn)
