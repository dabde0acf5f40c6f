local conn = begin({ip = "192.0.2.7", name = "client.test", helo = "laptop"})
for i = 1, 3 do
    mail(conn, {message_id = "listed-" .. i .. "@here.example", auth = "bob@here.example", fields = {
        {"Date", " Mon, 2 Mar 2026 10:12:31 +0100"}}})
end
finish(conn)
