-- The store is away: want ("defer" or "pass") is what on_error says.
local function reply(t)
    local conn = begin(t)
    local got = mail(conn, t)
    local removed = got == SMFIR_CONTINUE and
        mt.eom_check(conn, MT_HDRDELETE, "X-Outgate-Ticket")
    finish(conn)
    return got, removed
end

local failed = want == "pass" and SMFIR_CONTINUE or SMFIR_REPLYCODE
local mark = {{"X-Outgate-Ticket", " " .. string.rep("0123456789abcdef", 2)}}
is(reply{message_id = "a-in", ip = "198.51.100.7", from = "<eve@else.example>",
    to = {"<ann@here.example>"}}, SMFIR_CONTINUE, want .. ": inbound mail comes in")
is(reply{message_id = "a-out"}, failed, want .. ": outbound mail")
is(reply{message_id = "a-none", daemon = "BORDER"}, failed, want .. ": no ticket")
local got, removed = reply{message_id = "a-border", daemon = "BORDER", fields = mark}
is(got, failed, want .. ": a ticket that cannot be looked up")
if want == "pass" then
    ok(removed, "pass: the ticket is taken off all the same")
end
