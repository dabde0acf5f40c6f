-- phase (-D): what the test plays.
local many = {}
for i = 1, 40 do
    many[i] = "<stranger" .. i .. "@far" .. i % 7 .. ".example>"
end
local signed = {"DKIM-Signature", " v=1; a=rsa-sha256; d=here.example; s=k; h=from; b=AA=="}

-- As bob is: his network, his program, his friends, signed.
local function usual(conn, id, t)
    t = t or {}
    t.message_id = id .. "@here.example"
    t.auth = t.auth or "bob"
    t.fields = t.fields or {signed, {"X-Mailer", " Thunderbird 102.3"}}
    t.first = {{"Date", os.date("! %a, %d %b %Y %H:%M:%S +0000")}}
    return mail(conn, t)
end

if phase == "learn" then
    local conn = begin{ip = "192.0.2.10"}
    for i = 1, 12 do
        is(usual(conn, "h-learn" .. i), SMFIR_CONTINUE, "learned " .. i)
    end
    finish(conn)
elseif phase == "honest" then
    local conn = begin{ip = "192.0.2.77"}
    is(usual(conn, "h-usual", {fields = {signed, {"User-Agent", " Thunderbird 115.0"}}}),
        SMFIR_CONTINUE, "another address of the network, a newer program")
    ok(not mt.eom_check(conn, MT_QUARANTINE) and not mt.eom_check(conn, MT_HDRADD),
        "goes as ever")
    finish(conn)
    conn = begin{ip = "198.51.100.8"}
    is(usual(conn, "h-journey", {fields = {signed, {"X-Mailer", " iPhone Mail (20A362)"}}}),
        SMFIR_CONTINUE, "a journey with a new telephone")
    ok(not mt.eom_check(conn, MT_QUARANTINE) and not mt.eom_check(conn, MT_HDRADD),
        "is not touched")
    is(usual(conn, "h-refused", {subject = "score-reject", to = {"<new@there.example>"},
        fields = {signed, {"X-Mailer", " Other Words"}}}), SMFIR_REPLYCODE, "a refused mail")
    finish(conn)
elseif phase == "attack" then
    local conn = begin{ip = "203.0.113.9"}
    is(usual(conn, "h-attack", {to = many, fields = {{"X-Mailer", " Blast Sender 9"}}}),
        SMFIR_CONTINUE, "the stolen account")
    ok(mt.eom_check(conn, MT_QUARANTINE), "is held")
    for i = 1, 2 do
        is(usual(conn, "h-quiet" .. i, {fields = {signed, {"X-Mailer", " Blast Sender 9"}}}),
            SMFIR_CONTINUE, "one mail, quietly")
        is(usual(conn, "h-bare" .. i, {auth = "carol", fields = {}}), SMFIR_CONTINUE,
            "an unsigned one, in his domain's name")
    end
    is(usual(conn, "h-young", {auth = "newcomer", to = many}), SMFIR_CONTINUE, "a newcomer")
    ok(not mt.eom_check(conn, MT_QUARANTINE), "has no past to be unlike to")
    finish(conn)
end
