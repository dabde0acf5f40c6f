-- Mails whose sender picks the domain: one for each of them, in a session of its own.
-- domains: divided by commas; id: the Message-ID begins with it; links: how many.
local signature = " v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=sel;" ..
    " h=from:to:subject; bh=TM39fNe0YbBX4LvDxfVcSw6MTLxT0s9TSSS4OtS6nHk=;" ..
    " b=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

local function text(domain)
    local lines = {"Hello Ann,"}
    local word = string.gsub(domain, "%W", "")
    for i = 1, tonumber(links or 0) do
        lines[#lines + 1] = "see http://" .. word .. i .. ".com/ and http://" .. word ..
            i .. ".net/"
    end
    return table.concat(lines, "\r\n") .. "\r\n"
end

for domain in string.gmatch(domains, "[^,]+") do
    local conn = begin({ip = "192.0.2.7", name = "client.test"})
    envelope(conn, {from = "<user@" .. domain .. ">", auth = "user@" .. domain,
        id = "Q" .. domain})
    local fields = {
        {"DKIM-Signature", string.format(signature, domain)},
        {"From", " user@" .. domain},
        {"To", " ann@there.example"},
        {"Date", " Mon, 2 Mar 2026 10:12:31 +0100"},
        {"Subject", " the plan"},
        {"Message-ID", " <" .. id .. domain .. ">"},
    }
    for _, field in ipairs(fields) do
        mt.header(conn, field[1], field[2])
    end
    mt.eoh(conn)
    mt.bodystring(conn, text(domain))
    local failure = mt.eom(conn)
    local reply = failure == nil and mt.getreply(conn) or failure
    if reply ~= SMFIR_ACCEPT and reply ~= SMFIR_CONTINUE then
        ok(false, domain .. ": " .. tostring(reply))
    end
    finish(conn)
end
