local conn = begin()
ok(mt.test_action(conn, SMFIF_ADDHDRS), "asks to add header fields")
ok(mt.test_action(conn, SMFIF_CHGHDRS), "asks to change header fields")
ok(mt.test_action(conn, SMFIF_QUARANTINE), "asks to quarantine")
ok(not mt.test_action(conn, SMFIF_CHGBODY), "does not ask to change bodies")
ok(not mt.test_action(conn, SMFIF_ADDRCPT), "does not ask to add recipients")
ok(not mt.test_action(conn, SMFIF_DELRCPT), "does not ask to delete recipients")
ok(mt.test_option(conn, SMFIP_NOUNKNOWN), "wants no unknown commands")
ok(mt.test_option(conn, SMFIP_NODATA), "wants no DATA")
ok(mt.test_option(conn, SMFIP_NR_HDR), "answers no header field")
ok(mt.test_option(conn, SMFIP_NR_BODY), "answers no body piece")
ok(not mt.test_option(conn, SMFIP_NR_MAIL), "answers MAIL: a blocked sender is refused")
ok(not mt.test_option(conn, SMFIP_NOBODY), "wants bodies")
ok(not mt.test_option(conn, SMFIP_RCPT_REJ), "does not want refused recipients")
is(mail(conn), SMFIR_CONTINUE, "a mail passes with all that Postfix offers")
finish(conn)

-- An older MTA: answers are expected at each step.
conn = begin{steps = 0x7f, actions = 0x3f}
ok(not mt.test_option(conn, SMFIP_NR_HDR), "takes no step that was not offered")
is(mail(conn), SMFIR_CONTINUE, "a mail passes step by step")
finish(conn)

-- One that lets no milter quarantine: what must be held comes back later.
conn = begin{actions = 0x1f}
is(mail(conn, {subject = "score-hold"}), SMFIR_TEMPFAIL,
    "a hold that cannot be set is a defer, not an accept")
finish(conn)
