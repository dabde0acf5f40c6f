-- SPDX-License-Identifier: BSD-2-Clause
--
-- talk - what each conversation begins with: TAP lines and one mail in one call.
-- Globals from the command line: socket ("unix:/path" or "inet:port@host").

-- What Postfix 3.7 offers.
ACTIONS = 0x1ff
STEPS = 0x1fffff

function ok(passed, text)
    print((passed and "ok - " or "not ok - ") .. text)
    return passed
end

function is(got, want, text)
    if not ok(got == want, text) then
        print("got " .. tostring(got) .. ", want " .. tostring(want))
    end
end

local function must(failure, what)
    if failure ~= nil then
        error(what .. ": " .. tostring(failure))
    end
end

-- begin{ip=, name=, helo=, actions=, steps=, port=, version=, daemon=} - a session up to HELO.
function begin(t)
    t = t or {}
    local conn = mt.connect(socket, 40, 0.1)
    if conn == nil then
        error("no connection to " .. socket)
    end
    -- miltertest takes the steps before the actions, whatever its manual says
    must(mt.negotiate(conn, 6, t.steps or STEPS, t.actions or ACTIONS), "negotiate")
    mt.macro(conn, SMFIC_CONNECT, "j", "gate.test", "v", t.version or "Postfix 3.7.11",
        "{daemon_name}", t.daemon or "gate.test", "{client_port}", tostring(t.port or 4711))
    must(mt.conninfo(conn, t.name or "localhost", t.ip or "127.0.0.1"), "conninfo")
    must(mt.helo(conn, t.helo or "client.example"), "helo")
    return conn
end

-- envelope(conn, {from=, to={}, auth=, id=, mailer=}) - MAIL and RCPT.
function envelope(conn, t)
    local macros = {"i", t.id or "4jXTESTz1ab"}
    if t.auth then
        macros[#macros + 1] = "{auth_authen}"
        macros[#macros + 1] = t.auth
    end
    mt.macro(conn, SMFIC_MAIL, (unpack or table.unpack)(macros))
    must(mt.mailfrom(conn, t.from or "<bob@here.example>"), "mailfrom")
    for _, to in ipairs(t.to or {"<ann@there.example>"}) do
        mt.macro(conn, SMFIC_RCPT, "{rcpt_mailer}", t.mailer or "smtp")
        must(mt.rcptto(conn, to), "rcptto")
    end
end

-- header(conn, {subject=, fields={{name, value}...}, id=})
function header(conn, t)
    for _, field in ipairs(t.first or {}) do
        must(mt.header(conn, field[1], field[2]), "header")
    end
    must(mt.header(conn, "From", " bob@here.example"), "header")
    must(mt.header(conn, "To", " ann@there.example"), "header")
    must(mt.header(conn, "Subject", " " .. (t.subject or "plain words")), "header")
    must(mt.header(conn, "Message-ID", " <" .. (t.message_id or "m1@here.example") .. ">"),
        "header")
    for _, field in ipairs(t.fields or {}) do
        must(mt.header(conn, field[1], field[2]), "header")
    end
    must(mt.eoh(conn), "eoh")
end

-- mail(conn, all of the above and body=) - a whole message; returns the last reply.
function mail(conn, t)
    t = t or {}
    envelope(conn, t)
    header(conn, t)
    if t.body ~= "" then
        must(mt.bodystring(conn, t.body or "Hello Ann,\r\nsee you at noon.\r\n"), "body")
    end
    must(mt.eom(conn), "eom")
    return mt.getreply(conn)
end

function finish(conn)
    mt.disconnect(conn)
end
