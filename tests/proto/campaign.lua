-- One text from three accounts in other clothes, one letter of its own, one note.
local text = "%s\r\n\r\nyour mailbox has reached its limit of %d MB and messages to you " ..
    "are being returned\r\nto their senders. Please confirm your account within %d hours " ..
    "at http://%s.example/u/%d\r\nor it will be closed for good. We thank you for your " ..
    "understanding and wish you a\r\npleasant day. The help desk team\r\n"
local conn = begin()
local greetings = {"Dear Anna,", "Hello Mr. Bernard Dupont!", "Good morning,"}
for i, greeting in ipairs(greetings) do
    mail(conn, {message_id = "c-" .. i, auth = "user" .. i, subject = "Notice " .. i,
        to = {"<a@there.example>", "<b@there.example>"},
        body = string.format(text, greeting, i * 100, i * 12, "h" .. i, i * 7)})
end
mail(conn, {message_id = "c-again", auth = "user1", subject = "score-reject",
    body = string.format(text, "Hi,", 1, 2, "z", 3)})
mail(conn, {message_id = "c-letter", auth = "carol",
    body = "Dear Anna,\r\n\r\nthe meeting on Thursday is moved to ten o'clock, since the " ..
    "train from Lyon\r\ncomes in late. I have asked Peter to bring the figures of the " ..
    "third quarter.\r\nSee you there, Carol\r\n"})
mail(conn, {message_id = "c-note", auth = "carol", body = "See you at noon.\r\n"})
local report = "The mail system could not deliver your message to the address below; it " ..
    "was not sent again,\r\nand nobody else was told. Ask the postmaster for more.\r\n"
mail(conn, {message_id = "c-bounce", from = "<>",
    fields = {{"Content-Type", " multipart/report; boundary=b"}},
    body = "--b\r\n\r\n" .. report .. "--b--\r\n"})
finish(conn)
