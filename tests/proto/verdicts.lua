local conn = begin()

is(mail(conn, {message_id = "v-accept"}), SMFIR_CONTINUE, "accept")
ok(not mt.eom_check(conn, MT_HDRADD) and not mt.eom_check(conn, MT_QUARANTINE) and
    not mt.eom_check(conn, MT_HDRCHANGE), "accept changes nothing")

is(mail(conn, {message_id = "v-slow", subject = "score-slow"}), SMFIR_CONTINUE, "slow")
ok(mt.eom_check(conn, MT_HDRADD, "X-Outgate-Lane", " slow") or
    mt.eom_check(conn, MT_HDRADD, "X-Outgate-Lane", "slow"), "slow adds the lane")

is(mail(conn, {message_id = "v-hold", subject = "score-hold"}), SMFIR_CONTINUE, "hold")
ok(mt.eom_check(conn, MT_QUARANTINE), "hold quarantines")
ok(mt.eom_check(conn, MT_QUARANTINE, "score 7.0, hold from 5"), "and says why")

is(mail(conn, {message_id = "v-reject", subject = "score-reject"}), SMFIR_REPLYCODE,
    "reject")
ok(not mt.eom_check(conn, MT_QUARANTINE), "and without a quarantine")

-- The limit of two recipients an hour for greedy, of three messages for shaped.
is(mail(conn, {message_id = "v-greedy1", auth = "greedy", to = {"<a@x.example>",
    "<b@x.example>"}}), SMFIR_CONTINUE, "within the limit")
is(mail(conn, {message_id = "v-greedy2", auth = "greedy"}), SMFIR_REPLYCODE,
    "over a limit that defers")
is(mail(conn, {message_id = "v-large", auth = "large", to = {"<a@x.example>",
    "<b@x.example>", "<c@x.example>"}}), SMFIR_REPLYCODE, "larger than the limit")

-- On the sendmail(1) path and for bounces nothing is refused.
local pickup = begin{port = 0}
is(mail(pickup, {message_id = "v-pickup", from = "bob@gate.test",
    to = {"ann@there.example"}, subject = "score-reject"}), SMFIR_CONTINUE,
    "sendmail(1): a reject goes on")
ok(mt.eom_check(pickup, MT_QUARANTINE), "as a hold")
finish(pickup)
is(mail(conn, {message_id = "v-null", from = "<>", subject = "score-reject"}),
    SMFIR_CONTINUE, "a bounce is never refused")
ok(mt.eom_check(conn, MT_QUARANTINE), "but held")

-- What comes in with our name on it goes.
is(mail(conn, {message_id = "v-forged", auth = "forger", fields = {{"X-Outgate-Lane", " slow"},
    {"X-OUTGATE-Score", " -100"}, {"x-outgate-local-uid", " 0"},
    {"X-Outgate-Lane", " fast"}}}), SMFIR_CONTINUE, "forged fields")
ok(mt.eom_check(conn, MT_HDRDELETE, "X-Outgate-Lane"), "lane is removed")
ok(mt.eom_check(conn, MT_HDRDELETE, "X-OUTGATE-Score"), "score is removed, any case")
ok(mt.eom_check(conn, MT_HDRDELETE, "x-outgate-local-uid"), "uid is removed")
is(mail(conn, {message_id = "v-inbound", to = {"<joe@here.example>"},
    fields = {{"X-Outgate-Lane", " slow"}}}), SMFIR_CONTINUE, "inbound")
ok(mt.eom_check(conn, MT_HDRDELETE, "X-Outgate-Lane"), "removed from inbound as well")
finish(conn)
