-- a mail goes out; a bounce and a complaint of it come in
local function one(t)
    local conn = begin(t)
    is(mail(conn, t), SMFIR_CONTINUE, t.what)
    finish(conn)
end

one{what = "a mail to two goes out", auth = "bob", message_id = "out@here.example",
    to = {"<ann@there.example>", "<eve@there.example>"}}
one{what = "its bounce comes in", ip = "198.51.100.7", from = "<>",
    to = {"<bob@here.example>"}, message_id = "bounce@there.example",
    fields = {{"Content-Type",
        " multipart/report; report-type=delivery-status; boundary=b"}},
    body = "--b\r\nContent-Type: message/delivery-status\r\n\r\n" ..
        "Reporting-MTA: dns; mx.there.example\r\n\r\n" ..
        "Final-Recipient: rfc822; ann@there.example\r\nAction: failed\r\n" ..
        "Status: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" ..
        "From: bob@here.example\r\nMessage-ID: <out@here.example>\r\n\r\n--b--\r\n"}
one{what = "a complaint about it comes in", ip = "198.51.100.7",
    from = "<fbl@there.example>", to = {"<abuse@here.example>"},
    message_id = "fbl@there.example",
    fields = {{"Content-Type",
        " multipart/report; report-type=feedback-report; boundary=b"}},
    body = "--b\r\nContent-Type: message/feedback-report\r\n\r\n" ..
        "Feedback-Type: abuse\r\nVersion: 1\r\n\r\n--b\r\n" ..
        "Content-Type: message/rfc822\r\n\r\nFrom: bob@here.example\r\n" ..
        "Message-ID: <out@here.example>\r\n\r\nhi\r\n--b--\r\n"}
one{what = "a bounce that stays nobody's", ip = "198.51.100.7", from = "<>",
    to = {"<bob@here.example>"}, message_id = "lost@there.example",
    body = "Hi. This is qmail.\r\n\r\n<x@there.example>:\r\n550 5.1.1 no such user\r\n"}
