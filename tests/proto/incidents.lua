local conn = begin()
local last

-- Four mails stopped by score are not many, five are; another sender counts alone.
for i = 1, 4 do
    mail(conn, {message_id = "s-" .. i, auth = "four", subject = "score-hold"})
end
for i = 1, 7 do
    last = mail(conn, {message_id = "m-" .. i, auth = "many", subject = "score-reject"})
end
is(last, SMFIR_REPLYCODE, "spam is refused as before")

-- A limit per message has no key: the sender stands for it.
mail(conn, {message_id = "l-1", auth = "large", to = {"<a@x.example>", "<b@x.example>",
    "<c@x.example>", "<d@x.example>"}})

-- Ten at a limit are one incident.
for i = 1, 12 do
    last = mail(conn, {message_id = "g-" .. i, auth = "greedy"})
end
is(last, SMFIR_REPLYCODE, "over a limit mail is deferred as before")
finish(conn)
