/* SPDX-License-Identifier: BSD-2-Clause
 *
 * facts_table - one row a fact: F(name, type, unit, range, source, what it says).
 * unit is "" for flags and texts; range is what the number can be.
 */
#ifndef OUTGATE_FACTS_FACTS_TABLE_H
#define OUTGATE_FACTS_FACTS_TABLE_H

#define FACTS_TABLE(F)                                                                 \
    /* fact_subject.c */                                                               \
    F(subject_present, FACT_FLAG, "", "0..1", "RFC 5322 3.6.5",                        \
      "there is a Subject: field")                                                     \
    F(subject_empty, FACT_FLAG, "", "0..1", "Vade: Empty subject",                     \
      "there is no subject, or nothing but white space in it")                         \
    F(subject_length, FACT_COUNT, "characters", "0..", "chosen",                       \
      "length of the decoded subject")                                                 \
    F(subject_caps_ratio, FACT_RATIO, "capitals a letter", "0..1",                     \
      "OVHcloud guide: Email Content",                                                 \
      "capital letters among the letters of the subject that have a case; "            \
      "0 below 8 letters")                                                             \
    F(subject_exclamations, FACT_COUNT, "marks", "0..",                                \
      "OVHcloud guide: Email Content", "exclamation marks in the subject")             \
    F(subject_percents, FACT_COUNT, "figures", "0..", "OVHcloud guide: Email Content", \
      "figures with a percent sign in the subject")                                    \
    F(subject_money_amounts, FACT_COUNT, "figures", "0..", "chosen",                   \
      "figures with a currency in the subject")                                        \
    F(subject_emoji, FACT_COUNT, "characters", "0..", "chosen",                        \
      "emoji and dingbats in the subject")                                             \
    F(subject_impersonal, FACT_FLAG, "", "0..1", "OVHcloud guide: Email Content",      \
      "the subject is nothing but a greeting or a generic word (English, "             \
      "French, Spanish, German, Italian, Portuguese, Dutch)")                          \
    F(subject_random_words, FACT_COUNT, "words", "0..", "Vade: random string(s)",      \
      "words of the subject that look like random letters or digits")                  \
    F(subject_disguised_words, FACT_COUNT, "words", "0..", "chosen",                   \
      "words of the subject with look-alike letters of another script or "             \
      "invisible characters inside, and one more when it has mathematical "            \
      "or full-width letters")                                                         \
    F(subject_reply_forged, FACT_FLAG, "", "0..1", "chosen",                           \
      "Re: or Fwd: (or its like in seven languages) in the subject but "               \
      "none of In-Reply-To:, References: and Thread-Index:")                           \
    F(subject_names_recipient, FACT_FLAG, "", "0..1", "chosen",                        \
      "the subject holds the only recipient's address, or its domain or "              \
      "local part of 6 characters or more")                                            \
    F(subject_transactional, FACT_FLAG, "", "0..1", "chosen",                          \
      "the subject speaks of an invoice, an order, a code or a password "              \
      "reset")                                                                         \
    F(subject_pressing, FACT_FLAG, "", "0..1", "chosen",                               \
      "the subject speaks of an account to verify, a suspension or a "                 \
      "deadline")                                                                      \
    /* fact_text.c */                                                                  \
    F(has_text, FACT_FLAG, "", "0..1", "OVHcloud guide: Email Content",                \
      "a reader sees at least one word")                                               \
    F(body_words, FACT_COUNT, "words", "0..", "OVHcloud guide: Email Content",         \
      "words that a reader sees, URLs and addresses left out; in scripts "             \
      "without spaces every two characters are a word")                                \
    F(body_letters, FACT_COUNT, "letters", "0..", "chosen",                            \
      "letters that a reader sees, of any script")                                     \
    F(body_caps_ratio, FACT_RATIO, "capitals a letter", "0..1",                        \
      "OVHcloud guide: Email Content",                                                 \
      "capital letters among the letters of the text that have a case; 0 "             \
      "below 40 letters")                                                              \
    F(body_exclamations, FACT_COUNT, "marks", "0..", "OVHcloud guide: Email Content",  \
      "exclamation marks in the text")                                                 \
    F(body_percents, FACT_COUNT, "figures", "0..", "OVHcloud guide: Email Content",    \
      "figures with a percent sign in the text")                                       \
    F(body_discounts, FACT_COUNT, "figures", "0..", "OVHcloud guide: Email Content",   \
      "figures with a percent sign that have a word for a discount beside "            \
      "them (seven languages)")                                                        \
    F(body_money_amounts, FACT_COUNT, "figures", "0..", "chosen",                      \
      "figures with a currency in the text")                                           \
    F(body_random_words, FACT_COUNT, "words", "0..", "Vade: random string(s)",         \
      "words of the text that look like random letters or digits")                     \
    F(body_hidden_characters, FACT_COUNT, "characters", "0..",                         \
      "Vade: white text on white",                                                     \
      "characters of the HTML that a reader does not see: no size, no "                \
      "display, or the colour of the background")                                      \
    F(body_hidden_ratio, FACT_RATIO, "hidden a character", "0..1",                     \
      "Vade: white text on white",                                                     \
      "hidden characters among the hidden ones and the letters and digits "            \
      "that are seen")                                                                 \
    F(body_zero_width, FACT_COUNT, "characters", "0..", "chosen",                      \
      "characters that show nothing: zero-width spaces and joiners, soft "             \
      "hyphens")                                                                       \
    F(body_zero_width_inside, FACT_COUNT, "characters", "0..", "chosen",               \
      "characters that show nothing between two letters of a Latin, Greek "            \
      "or Cyrillic word; soft hyphens left out")                                       \
    F(body_mixed_script_words, FACT_COUNT, "words", "0..", "Unicode UTS 39 5.1",       \
      "words that mix Latin letters with Cyrillic ones or with Greek "                 \
      "look-alikes")                                                                   \
    F(body_styled_letters, FACT_COUNT, "letters", "0..", "chosen",                     \
      "mathematical and full-width letters that stand for plain ones")                 \
    F(body_emoji, FACT_COUNT, "characters", "0..", "chosen",                           \
      "emoji and dingbats in the text")                                                \
    F(body_unreadable, FACT_COUNT, "characters", "0..", "chosen",                      \
      "places where the declared charset has no character")                            \
    F(body_keywords_sale, FACT_COUNT, "phrases", "0..",                                \
      "OVHcloud guide: Email Content",                                                 \
      "phrases such as \"buy now\" or \"last chance\" in the text (seven "             \
      "languages)")                                                                    \
    F(body_keywords_credential, FACT_COUNT, "phrases", "0..", "chosen",                \
      "phrases such as \"verify your account\" or \"your password\" in "               \
      "the text (seven languages)")                                                    \
    F(body_keywords_pressure, FACT_COUNT, "phrases", "0..", "chosen",                  \
      "phrases such as \"within 24 hours\" or \"final notice\" in the "                \
      "text (seven languages)")                                                        \
    F(body_keywords_fortune, FACT_COUNT, "phrases", "0..", "chosen",                   \
      "phrases such as \"next of kin\" or \"loan offer\" in the text "                 \
      "(seven languages)")                                                             \
    F(body_keywords_coin, FACT_COUNT, "phrases", "0..", "chosen",                      \
      "words for cryptocurrencies and their wallets in the text")                      \
    /* fact_links.c */                                                                 \
    F(link_count, FACT_COUNT, "links", "0..", "OVHcloud guide: Email Content",         \
      "web links that a reader can follow: anchors, and URLs written in "              \
      "plain text that no anchor repeats")                                             \
    F(links_per_100_words, FACT_NUMBER, "links per 100 words", "0..",                  \
      "OVHcloud guide: Email Content",                                                 \
      "web links for every 100 words that a reader sees; 0 without words")             \
    F(link_hosts, FACT_COUNT, "hosts", "0..",                                          \
      "Vade: Domain=", "different hosts that the web links go to")                     \
    F(link_domains, FACT_COUNT, "domains", "0..", "Vade: Domain=",                     \
      "different registrable domains that the web links go to; an address "            \
      "counts as one")                                                                 \
    F(link_foreign_domains, FACT_COUNT, "domains", "0..", "chosen",                    \
      "registrable domains of links that are neither the From: address's "             \
      "nor the envelope sender's")                                                     \
    F(link_foreign_ratio, FACT_RATIO, "foreign a link", "0..1", "chosen",              \
      "web links to foreign domains among all web links")                              \
    F(link_shorteners, FACT_COUNT, "links", "0..", "chosen",                           \
      "web links to a well-known URL shortener")                                       \
    F(link_free_hosts, FACT_COUNT, "links", "0..", "chosen",                           \
      "web links to a service where anybody can put up pages, forms, "                 \
      "files or tunnels")                                                              \
    F(link_odd_tlds, FACT_COUNT, "links", "0..", "Vade: Url TLD",                      \
      "web links under top-level domains that are cheap and much abused")              \
    F(link_ips, FACT_COUNT, "links", "0..", "Vade: Phishing-IIP",                      \
      "web links to an IP address instead of a name")                                  \
    F(link_mismatches, FACT_COUNT, "links", "0..", "chosen",                           \
      "links whose text names a host of another registrable domain than "              \
      "the one they go to; links through a click counter are among them")              \
    F(link_obfuscated, FACT_COUNT, "links", "0..", "chosen",                           \
      "links whose host is disguised: escapes, odd notations of an "                   \
      "address, backslashes, full-width or invisible characters")                      \
    F(link_scripts, FACT_COUNT, "links", "0..", "OVHcloud guide: Email Content",       \
      "links to javascript: or vbscript:")                                             \
    F(link_data, FACT_COUNT, "links", "0..", "chosen", "links to data:")               \
    F(link_userinfo, FACT_COUNT, "links", "0..", "RFC 3986 7.6",                       \
      "web links with a user name before the host")                                    \
    F(link_odd_ports, FACT_COUNT, "links", "0..", "chosen",                            \
      "web links to another port than 80 and 443")                                     \
    F(link_punycode, FACT_COUNT, "links", "0..", "RFC 5890",                           \
      "web links to a host with an internationalised label")                           \
    F(link_hidden, FACT_COUNT, "links", "0..", "chosen",                               \
      "web links in text that a reader does not see")                                  \
    F(link_mailtos, FACT_COUNT, "links", "0..", "chosen", "links that write a mail")   \
    F(link_plain_http, FACT_COUNT, "links", "0..", "chosen", "web links without TLS")  \
    F(link_redirects, FACT_COUNT, "links", "0..", "chosen",                            \
      "web links that carry another URL in their path or query")                       \
    F(link_names_recipient, FACT_COUNT, "links", "0..", "chosen",                      \
      "web links that carry the first recipient's address")                            \
    F(link_longest_bytes, FACT_COUNT, "bytes", "0..", "chosen",                        \
      "length of the longest web link")                                                \
    F(link_domain_names, FACT_TEXT, "", "text", "Vade: Domain=",                       \
      "registrable domains that the web links go to, at most 20, "                     \
      "separated by commas")                                                           \
    F(form_foreign, FACT_COUNT, "forms", "0..", "chosen",                              \
      "HTML forms that send to a foreign domain")                                      \
    /* fact_images.c */                                                                \
    F(image_count, FACT_COUNT, "images", "0..", "OVHcloud guide: Email Content",       \
      "images of the HTML")                                                            \
    F(image_remote, FACT_COUNT, "images", "0..", "OVHcloud guide: Email Content",      \
      "images that are fetched when the mail is read")                                 \
    F(image_embedded, FACT_COUNT, "images", "0..", "chosen",                           \
      "images given as data: in the HTML")                                             \
    F(image_hidden, FACT_COUNT, "images", "0..", "chosen",                             \
      "images of no size, of 1x1 pixel or in hidden text")                             \
    F(image_linked, FACT_COUNT, "links", "0..", "chosen",                              \
      "web links with an image inside")                                                \
    F(text_image_ratio, FACT_NUMBER, "words per image", "0..",                         \
      "OVHcloud guide: Email Content",                                                 \
      "words that a reader sees for each image that is not hidden; 0 "                 \
      "without such images")                                                           \
    F(image_only, FACT_FLAG, "", "0..1", "OVHcloud guide: Email Content",              \
      "the HTML shows an image and fewer than 10 words")                               \
    /* fact_html.c */                                                                  \
    F(has_html, FACT_FLAG, "", "0..1", "chosen", "there is an HTML part")              \
    F(has_plain, FACT_FLAG, "", "0..1", "chosen",                                      \
      "there is a plain text part that is not empty")                                  \
    F(html_only, FACT_FLAG, "", "0..1", "chosen",                                      \
      "there is HTML and no plain text beside it")                                     \
    F(html_tags, FACT_COUNT, "tags", "0..", "chosen", "start tags in the HTML")        \
    F(html_text_ratio, FACT_RATIO, "bytes a byte", "0..1", "chosen",                   \
      "visible text among the bytes of the HTML")                                      \
    F(html_comment_ratio, FACT_RATIO, "bytes a byte", "0..1", "chosen",                \
      "comments among the bytes of the HTML")                                          \
    F(has_javascript, FACT_FLAG, "", "0..1", "OVHcloud guide: Email Content",          \
      "the HTML has a script element, an on... attribute or a javascript: "            \
      "target")                                                                        \
    F(html_scripts, FACT_COUNT, "elements", "0..", "OVHcloud guide: Email Content",    \
      "script elements in the HTML")                                                   \
    F(html_handlers, FACT_COUNT, "attributes", "0..", "OVHcloud guide: Email Content", \
      "on... attributes and javascript: targets in the HTML")                          \
    F(html_forms, FACT_COUNT, "elements", "0..", "chosen",                             \
      "form elements in the HTML")                                                     \
    F(html_inputs, FACT_COUNT, "elements", "0..", "chosen",                            \
      "input, select and textarea elements in the HTML")                               \
    F(html_password_inputs, FACT_COUNT, "elements", "0..", "chosen",                   \
      "input elements for a password in the HTML")                                     \
    F(html_iframes, FACT_COUNT, "elements", "0..", "chosen",                           \
      "iframe, frame, object and embed elements in the HTML")                          \
    F(html_styles, FACT_COUNT, "places", "0..", "chosen",                              \
      "style elements and style attributes in the HTML")                               \
    F(html_truncated, FACT_FLAG, "", "0..1", "chosen",                                 \
      "an HTML part ends inside a tag or a comment")                                   \
    /* fact_bulk.c */                                                                  \
    F(list_unsubscribe, FACT_FLAG, "", "0..1", "RFC 2369 2 and 3.2",                   \
      "there is exactly one List-Unsubscribe: field and it has a usable "              \
      "URI in angle brackets")                                                         \
    F(list_unsubscribe_present, FACT_FLAG, "", "0..1", "RFC 2369 3.2",                 \
      "there is a List-Unsubscribe: field, sound or not")                              \
    F(list_unsubscribe_one_click, FACT_FLAG, "", "0..1", "RFC 8058 3.1",               \
      "a sound List-Unsubscribe: with an https URI and exactly one List- "             \
      "Unsubscribe-Post: of the right value")                                          \
    F(unsubscribe_link, FACT_FLAG, "", "0..1", "OVHcloud guide: Email Content",        \
      "a link of the body unsubscribes, by its text, its target or the "               \
      "words beside it (seven languages)")                                             \
    F(bulk_signs, FACT_COUNT, "points", "0..", "chosen",                               \
      "signs of a mailing: List-* fields 3, Precedence: bulk or list 3, junk 2, "      \
      "Feedback-ID 1, "                                                                \
      "a mailing service's field 1, 20 recipients 2 or 100 recipients 3, "             \
      "an unsubscribe link or phrase 2, a view-in-browser phrase 2, "                  \
      "newsletter wording 1, 5 links and 3 images 1 and 15 links and 8 "               \
      "images 2, a hidden image 1; less 2 for a transactional subject and "            \
      "2 for a reply")                                                                 \
    F(looks_bulk, FACT_FLAG, "", "0..1", "Gmail and Yahoo sender guidelines of 2024",  \
      "3 bulk_signs or more, and neither an automatic answer nor a "                   \
      "bounce: a mail that owes its readers an unsubscribe link")                      \
    F(list_id, FACT_TEXT, "", "text", "RFC 2919",                                      \
      "the identifier in List-Id:, in lower case")                                     \
    F(precedence, FACT_TEXT, "", "text", "RFC 2076 3.9",                               \
      "the value of Precedence:, in lower case")                                       \
    F(auto_submitted, FACT_FLAG, "", "0..1", "RFC 3834 5",                             \
      "Auto-Submitted: is there and not \"no\", or X-Autoreply: or "                   \
      "X-Autorespond: is there")                                                       \
    F(is_bounce, FACT_FLAG, "", "0..1", "RFC 3464, RFC 5321 4.5.5",                    \
      "the envelope sender is null, or there is a delivery report in the "             \
      "message")                                                                       \
    /* fact_sender.c */                                                                \
    F(from_present, FACT_FLAG, "", "0..1", "RFC 5322 3.6.2", "there is a From: field") \
    F(from_fields, FACT_COUNT, "fields", "0..", "RFC 5322 3.6",                        \
      "number of From: fields")                                                        \
    F(from_mailboxes, FACT_COUNT, "addresses", "0..", "RFC 5322 3.6.2",                \
      "addresses in the first From: field")                                            \
    F(from_sound, FACT_FLAG, "", "0..1", "RFC 5322 3.4.1",                             \
      "there is one From: field and its first address is well-formed")                 \
    F(from_display_is_address, FACT_FLAG, "", "0..1", "chosen",                        \
      "the display name of From: holds an address of another registrable "             \
      "domain")                                                                        \
    F(from_free_mail, FACT_FLAG, "", "0..1", "chosen",                                 \
      "the From: address belongs to a provider of free mailboxes")                     \
    F(from_random, FACT_FLAG, "", "0..1", "chosen",                                    \
      "what stands before the @ in From: looks like random letters or "                \
      "digits")                                                                        \
    F(from_brand_foreign, FACT_FLAG, "", "0..1", "chosen",                             \
      "the display name of From: names a much imitated brand and the "                 \
      "domain does not carry its name")                                                \
    F(subject_brand_foreign, FACT_FLAG, "", "0..1", "chosen",                          \
      "the subject names a much imitated brand and the domain of From: "               \
      "does not carry its name")                                                       \
    F(from_domain, FACT_TEXT, "", "text", "RFC 9989 4.10",                             \
      "registrable domain of the first From: address, or its host when it "            \
      "has none")                                                                      \
    F(sender_differs, FACT_FLAG, "", "0..1", "RFC 5322 3.6.2",                         \
      "there is a Sender: field of another registrable domain than From:")             \
    F(reply_to_foreign, FACT_FLAG, "", "0..1", "chosen",                               \
      "Reply-To: leads to a domain that is neither the From: address's "               \
      "nor the envelope sender's")                                                     \
    F(reply_to_free_mail, FACT_FLAG, "", "0..1", "chosen",                             \
      "reply_to_foreign, and to a provider of free mailboxes")                         \
    F(to_present, FACT_FLAG, "", "0..1", "RFC 5322 3.6.3; Vade: missing TO field",     \
      "there is a To:, Cc: or Bcc: field")                                             \
    F(to_undisclosed, FACT_FLAG, "", "0..1", "Vade: undisclosed recipients",           \
      "neither To: nor Cc: names an address")                                          \
    F(to_mailboxes, FACT_COUNT, "addresses", "0..", "chosen",                          \
      "addresses in the first To: and Cc: fields")                                     \
    F(to_is_from, FACT_FLAG, "", "0..1", "chosen",                                     \
      "the only address in To: is the From: address")                                  \
    F(recipients_unnamed, FACT_FLAG, "", "0..1", "chosen",                             \
      "none of the envelope's first 10 recipients stands in To: or Cc:")               \
    /* fact_headers.c */                                                               \
    F(message_id_present, FACT_FLAG, "", "0..1", "RFC 5322 3.6.4",                     \
      "there is a Message-ID: field")                                                  \
    F(message_id_sound, FACT_FLAG, "", "0..1", "RFC 5322 3.6.4",                       \
      "the Message-ID: is well-formed")                                                \
    F(message_id_by_mta, FACT_FLAG, "", "0..1", "Postfix cleanup(8)",                  \
      "the Message-ID: holds the queue id: the MTA wrote it because the "              \
      "sender did not")                                                                \
    F(message_id_unqualified, FACT_FLAG, "", "0..1", "RFC 5322 3.6.4",                 \
      "the host in the Message-ID: has one label or a local name")                     \
    F(message_id_foreign, FACT_FLAG, "", "0..1", "chosen",                             \
      "the registrable domain in the Message-ID: is neither the sender's "             \
      "nor this host's")                                                               \
    F(date_present, FACT_FLAG, "", "0..1", "RFC 5322 3.6.1", "there is a Date: field") \
    F(date_sound, FACT_FLAG, "", "0..1", "RFC 5322 3.3 and 4.3",                       \
      "the Date: is well-formed and exists")                                           \
    F(date_skew_hours, FACT_NUMBER, "hours", "any", "chosen",                          \
      "how far Date: lies in the future, negative in the past; for a file "            \
      "from the date of its newest Received: field; 0 when either is not "             \
      "known")                                                                         \
    F(mime_version_present, FACT_FLAG, "", "0..1", "RFC 2045 4",                       \
      "there is a MIME-Version: field")                                                \
    F(mime_version_sound, FACT_FLAG, "", "0..1", "RFC 2045 4", "MIME-Version: is 1.0") \
    F(mime_version_missing, FACT_FLAG, "", "0..1", "RFC 2045 4; Vade: ForbiddenHdr",   \
      "there is a Content-Type: or Content-Transfer-Encoding: field but "              \
      "no MIME-Version:")                                                              \
    F(header_order, FACT_TEXT, "", "text", "Vade: Hdr=",                               \
      "order of the header fields, one letter each: F From, T To, C Cc, B "            \
      "Bcc, S Subject, D Date, I Message-ID, M X-Mailer or User-Agent, V "             \
      "MIME-Version, c Content-Type, E Content-Transfer-Encoding, Y "                  \
      "Reply-To, s Sender, R In-Reply-To or References, H List-*; repeats "            \
      "written once")                                                                  \
    F(header_order_odd, FACT_FLAG, "", "0..1", "Vade: ForbiddenHdr",                   \
      "a layout that legitimate programs hardly write: Content-Transfer- "             \
      "Encoding: before Content-Type: and after From: and Subject:, or "               \
      "MIME fields with neither MIME-Version: nor a Message-ID: of the "               \
      "sender's own")                                                                  \
    F(header_fields, FACT_COUNT, "fields", "0..", "chosen", "fields of the header")    \
    F(header_8bit, FACT_FLAG, "", "0..1", "RFC 5322 2.2, RFC 6532",                    \
      "the header has bytes beyond ASCII")                                             \
    F(duplicate_fields, FACT_COUNT, "fields", "0..", "RFC 5322 3.6, RFC 2045 3",       \
      "fields beyond the first of a name that may stand once")                         \
    F(received_count, FACT_COUNT, "fields", "0..",                                     \
      "Vade: Ip=", "Received: fields; at the sender 0 or 1 is usual")                  \
    F(x_mailer, FACT_TEXT, "", "text", "Gigas guide: Viruses on clients",              \
      "the value of X-Mailer: or User-Agent:")                                         \
    F(script, FACT_TEXT, "", "text", "Gigas guide: Virus on the server",               \
      "the web server's script that sent it, from X-PHP-Originating- "                 \
      "Script: or its like")                                                           \
    F(priority_high, FACT_FLAG, "", "0..1", "chosen",                                  \
      "X-Priority:, Importance:, X-MSMail-Priority: or Priority: asks for "            \
      "urgency")                                                                       \
    /* fact_envelope.c */                                                              \
    F(recipients, FACT_COUNT, "recipients", "0..", "Vade: nb_rcptto",                  \
      "recipients of the envelope")                                                    \
    F(recipient_domains, FACT_COUNT, "domains", "0..", "chosen",                       \
      "different domains among the first 1000 recipients")                             \
    F(null_sender, FACT_FLAG, "", "0..1", "RFC 5321 4.5.5",                            \
      "the envelope sender is empty")                                                  \
    F(path, FACT_TEXT, "", "text", "chosen",                                           \
      "how the message came: smtp, local, border or unknown")                          \
    F(class, FACT_TEXT, "", "text", "chosen",                                          \
      "outbound, forwarded, inbound or unknown")                                       \
    F(authenticated, FACT_FLAG, "", "0..1", "RFC 4954",                                \
      "the client logged in or showed a verified certificate")                         \
    F(mail_from_is_from, FACT_FLAG, "", "0..1", "RFC 9989 4.4",                        \
      "envelope sender and From: address have the same registrable domain")            \
    F(helo, FACT_TEXT, "", "text", "RFC 5321 4.1.1.1",                                 \
      "the client's HELO or EHLO name")                                                \
    F(helo_sound, FACT_FLAG, "", "0..1", "RFC 5321 4.1.1.1",                           \
      "the HELO name is a domain of two labels or more, or an address "                \
      "literal")                                                                       \
    F(client_ip, FACT_TEXT, "", "text", "Vade: Ip=", "the client's IP address")        \
    /* fact_attachments.c */                                                           \
    F(attachment_count, FACT_COUNT, "parts", "0..", "chosen", "attachments")           \
    F(attachment_bytes, FACT_COUNT, "bytes", "0..", "chosen",                          \
      "decoded size of all attachments")                                               \
    F(attachment_executables, FACT_COUNT, "parts", "0..",                              \
      "Gigas guide: Viruses on clients",                                               \
      "attachments that a computer runs, by name or first bytes")                      \
    F(attachment_archives, FACT_COUNT, "parts", "0..", "chosen",                       \
      "attachments that are archives, by name or first bytes")                         \
    F(attachment_archives_encrypted, FACT_COUNT, "parts", "0..", "APPNOTE 4.4.4",      \
      "ZIP archives whose first entry is encrypted")                                   \
    F(attachment_archives_executable, FACT_COUNT, "parts", "0..", "APPNOTE 4.3.7",     \
      "ZIP archives whose first entry is an executable by its name")                   \
    F(attachment_macros, FACT_COUNT, "parts", "0..", "chosen",                         \
      "attachments of an office format that can carry macros, by name")                \
    F(attachment_html, FACT_COUNT, "parts", "0..", "chosen",                           \
      "attached HTML or SVG pages")                                                    \
    F(attachment_svg_active, FACT_COUNT, "parts", "0..", "chosen",                     \
      "attached drawings (SVG) that act: a script, a handler, foreign content or a "   \
      "javascript: link in their first 4096 bytes")                                    \
    F(attachment_images, FACT_COUNT, "parts", "0..", "chosen", "attached images")      \
    F(attachment_double_extensions, FACT_COUNT, "parts", "0..", "chosen",              \
      "attachments whose name ends in a document's extension and then an "             \
      "executable's or a page's")                                                      \
    F(attachment_type_mismatches, FACT_COUNT, "parts", "0..", "chosen",                \
      "attachments whose first bytes belie their name")                                \
    F(attachment_kinds, FACT_TEXT, "", "text", "chosen",                               \
      "extensions (or types) of the attachments, each once, separated by "             \
      "commas")                                                                        \
    /* fact_calendar.c */                                                              \
    F(calendar_organizer, FACT_TEXT, "", "text", "RFC 5545 3.8.4.3",                   \
      "address of the first invitation's organizer, in lower case")                    \
    F(calendar_organizer_foreign, FACT_FLAG, "", "0..1", "chosen",                     \
      "the organizer's domain is neither the From: mailbox's nor the envelope "        \
      "sender's")                                                                      \
    F(calendar_links, FACT_COUNT, "links", "0..", "chosen",                            \
      "links in invitations, but for those to the sender's domain and to services "    \
      "where people meet")                                                             \
    /* fact_form.c */                                                                  \
    F(malformed, FACT_FLAG, "", "0..1", "RFC 5322 3.6, RFC 2045, RFC 2046",            \
      "structurally broken: a header line that is no field, a boundary "               \
      "missing or unclosed, broken base64, an unknown transfer encoding, "             \
      "NUL bytes, a field twice that may stand once; not mere 8-bit or "               \
      "charset slips")                                                                 \
    F(defects, FACT_TEXT, "", "text", "RFC 5322, RFC 2045-2047",                       \
      "names of all defects of form, separated by commas")                             \
    F(bounds_reached, FACT_FLAG, "", "0..1", "chosen",                                 \
      "a bound was reached, so that part of the message was not read")                 \
    F(bounds, FACT_TEXT, "", "text", "chosen",                                         \
      "names of the bounds that were reached, separated by commas")                    \
    F(size_bytes, FACT_COUNT, "bytes", "0..", "chosen",                                \
      "size of header and body as received")                                           \
    F(part_count, FACT_COUNT, "parts", "0..", "RFC 2046",                              \
      "MIME parts, multiparts included")                                               \
    F(part_depth, FACT_COUNT, "levels", "0..", "RFC 2046",                             \
      "deepest nesting of MIME parts; 0 for a message that is no "                     \
      "multipart")                                                                     \
    F(charset, FACT_TEXT, "", "text", "RFC 2046 4.1.2",                                \
      "charsets that the parts declare, in lower case, each once, "                    \
      "separated by commas")                                                           \
    /* fact_past.c */                                                                  \
    F(signature_aligned, FACT_FLAG, "", "0..1", "RFC 6376 3.5, RFC 9989 4.4",          \
      "a DKIM-Signature: field names (d=) the From: address's "                        \
      "registrable domain; with [dns] one that does not fail, or the domain is in "    \
      "signed_later")                                                                  \
    F(sender_age_days, FACT_NUMBER, "days", "0..", "chosen",                           \
      "since the sender's first message that left")                                    \
    F(sender_is_new, FACT_FLAG, "", "0..1", "chosen",                                  \
      "the sender's first message left less than 24 hours ago, or this "               \
      "is it")                                                                         \
    F(sender_settled, FACT_FLAG, "", "0..1", "chosen",                                 \
      "the sender has sent for 7 days or more, 20 messages or more that "              \
      "left: it has a past to be unlike to")                                           \
    F(network_new, FACT_FLAG, "", "0..1", "chosen",                                    \
      "a settled sender uses this client network (IPv4 /24, IPv6 /48) "                \
      "for less than 24 hours, and it took up at most 5 others in the "                \
      "four weeks before: a rover is no news")                                         \
    F(country_new, FACT_FLAG, "", "0..1", "chosen",                                    \
      "the same of the client's country ([mail] geoip)")                               \
    F(x_mailer_new, FACT_FLAG, "", "0..1", "chosen",                                   \
      "the same of X-Mailer: or User-Agent:, its words without "                       \
      "versions; that there is none counts as one")                                    \
    F(from_domain_new, FACT_FLAG, "", "0..1", "chosen",                                \
      "the same of the registrable domain in From:")                                   \
    F(networks_day, FACT_COUNT, "networks", "0..", "chosen",                           \
      "client networks that the sender used in the last 24 hours")                     \
    F(countries_day, FACT_COUNT, "countries", "0..", "chosen",                         \
      "countries of clients that the sender used in the last 24 hours")                \
    F(new_recipients, FACT_COUNT, "recipients", "0..", "chosen",                       \
      "recipients of this message that the sender never wrote to before")              \
    F(new_recipients_ratio, FACT_RATIO, "new a recipient", "0..1", "chosen",           \
      "new recipients among this message's")                                           \
    F(new_recipients_hour, FACT_COUNT, "recipients", "0..", "chosen",                  \
      "new recipients of the sender in the last hour, this message's "                 \
      "included")                                                                      \
    F(new_recipients_surge, FACT_NUMBER, "times", "0..", "chosen",                     \
      "new_recipients_hour against the most in one hour of the past "                  \
      "four weeks, today left out, 5 at least; 0 for a sender who is "                 \
      "not settled or sent in fewer than 10 hours")                                    \
    F(from_addresses_day, FACT_COUNT, "addresses", "0..", "chosen",                    \
      "different From: addresses that the sender used in the last 24 "                 \
      "hours")                                                                         \
    F(from_domains_week, FACT_COUNT, "domains", "0..", "chosen",                       \
      "different registrable domains in From: that the sender used in "                \
      "the last 7 days")                                                               \
    F(hour_unusual, FACT_FLAG, "", "0..1", "chosen",                                   \
      "of 40 messages or more, sent in 20 different hours or more of "                 \
      "the past four weeks, today left out, none left within two hours "               \
      "of this time of day, on Monday to Friday or on the weekend as it "              \
      "is now (UTC)")                                                                  \
    F(volume_hour, FACT_COUNT, "recipients", "0..", "chosen",                          \
      "recipients of the sender in the last hour, this message's "                     \
      "included")                                                                      \
    F(volume_ratio, FACT_NUMBER, "times", "0..", "chosen",                             \
      "volume_hour against the busiest hour of the past four weeks, "                  \
      "today left out, 10 recipients at least; 0 for a sender who is "                 \
      "not settled or sent in fewer than 10 hours")                                    \
    F(volume_mean_ratio, FACT_NUMBER, "times", "0..", "chosen",                        \
      "the same against the mean of the hours in which the sender sent, "              \
      "2 recipients at least")                                                         \
    F(domain_signs_unsigned, FACT_FLAG, "", "0..1", "chosen",                          \
      "no signature_aligned, though 95 % or more of 10 mails or more of "              \
      "the From: domain had one and unsigned mail of it is no habit of "               \
      "this sender")                                                                   \
    F(campaign_messages, FACT_COUNT, "messages", "0..", "chosen",                      \
      "earlier messages with nearly this text, whoever sent them")                     \
    F(campaign_recipients, FACT_COUNT, "recipients", "0..", "chosen",                  \
      "recipients of these")                                                           \
    F(campaign_senders, FACT_COUNT, "senders", "0..", "chosen",                        \
      "different senders of these")                                                    \
    /* fact_authentication.c */                                                        \
    F(spf, FACT_TEXT, "", "text", "RFC 7208 2.6",                                      \
      "SPF for the egress addresses: pass, fail, softfail, neutral, none, "            \
      "temperror or permerror; empty: nobody was asked")                               \
    F(spf_domain, FACT_TEXT, "", "text", "RFC 7208 2.4",                               \
      "whose SPF record was asked for: MAIL FROM's domain, or HELO's for "             \
      "a null sender")                                                                 \
    F(spf_aligned, FACT_FLAG, "", "0..1", "RFC 9989 4.4",                              \
      "SPF passes for a domain that is aligned with From:")                            \
    F(sender_id, FACT_TEXT, "", "text", "RFC 4406 4",                                  \
      "the same as spf for the purported responsible address, where its "              \
      "domain publishes spf2.0/pra")                                                   \
    F(dkim, FACT_TEXT, "", "text", "RFC 8601 2.7.1",                                   \
      "the best result of the DKIM signatures: pass, fail, policy (a key "             \
      "or algorithm too weak), neutral, temperror, permerror; none: "                  \
      "unsigned; empty: nobody was asked")                                             \
    F(dkim_problem, FACT_TEXT, "", "text", "chosen",                                   \
      "why the first signature that does not pass does not")                           \
    F(dkim_signatures, FACT_COUNT, "fields", "0..", "RFC 6376 4",                      \
      "DKIM-Signature: fields; 4 are verified, those of the From: domain "             \
      "first")                                                                         \
    F(dkim_aligned, FACT_FLAG, "", "0..1", "RFC 9989 4.4",                             \
      "a signature passes whose domain is aligned with From:, or will be "             \
      "(signed_later)")                                                                \
    F(dkim_weak_key, FACT_FLAG, "", "0..1", "RFC 8301 3.2",                            \
      "a signature's RSA key has fewer than 2048 bits")                                \
    F(dkim_expired, FACT_FLAG, "", "0..1", "RFC 6376 3.5",                             \
      "a signature's time (x=) has run out")                                           \
    F(dkim_length_bytes, FACT_COUNT, "bytes", "0..", "RFC 6376 8.2",                   \
      "bytes of the body beyond what a signature covers (l=): anybody may "            \
      "have written them")                                                             \
    F(dkim_from_unsigned, FACT_FLAG, "", "0..1", "RFC 6376 5.4",                       \
      "a signature does not cover From:")                                              \
    F(dkim_test, FACT_FLAG, "", "0..1", "RFC 6376 3.6.1",                              \
      "a signature's key is in test mode (t=y): it counts for nothing")                \
    F(signed_later, FACT_FLAG, "", "0..1", "chosen",                                   \
      "the From: domain is in [mail] signed_later: its signer comes after "            \
      "the gate")                                                                      \
    F(unsubscribe_signed, FACT_FLAG, "", "0..1", "RFC 8058 4",                         \
      "a signature that passes covers List-Unsubscribe: and List- "                    \
      "Unsubscribe-Post:")                                                             \
    F(dmarc, FACT_TEXT, "", "text", "RFC 9989 4.4",                                    \
      "what receivers will conclude: pass, fail, none (no record), "                   \
      "temperror, permerror; empty: nobody was asked")                                 \
    F(dmarc_policy, FACT_TEXT, "", "text", "RFC 9989 4.7",                             \
      "what the From: domain asks receivers to do with mail that fails: "              \
      "none, quarantine or reject, with sp, np, t and pct=0 counted in; "              \
      "empty: nothing")                                                                \
    F(from_matches_sender, FACT_TEXT, "", "text", "chosen",                            \
      "may this sender use this From: address: pass, fail, temperror; "                \
      "none: no map, or it says nothing; empty: nobody was asked")                     \
    F(client_listed, FACT_COUNT, "lists", "0..", "RFC 5782",                           \
      "DNS lists that have the client's address or HELO name")                         \
    F(client_lists, FACT_TEXT, "", "text", "RFC 5782",                                 \
      "these lists, separated by commas")                                              \
    F(links_listed, FACT_COUNT, "domains", "0..", "RFC 5782 3",                        \
      "entries that DNS lists have of the links' domains")                             \
    F(link_lists, FACT_TEXT, "", "text", "RFC 5782 3",                                 \
      "these, as domain@list, separated by commas")                                    \
    F(virus, FACT_TEXT, "", "text", "Gigas guide: Viruses on clients",                 \
      "pass (clean), fail (found), neutral, temperror (the scanner is "                \
      "away); empty: nobody was asked")                                                \
    F(virus_name, FACT_TEXT, "", "text", "Gigas guide: Viruses on clients",            \
      "what the scanner found")                                                        \
    F(dns_lookups, FACT_COUNT, "questions", "0..", "chosen",                           \
      "questions that this message asked, the cache and the zone counted")             \
    F(dns_late, FACT_FLAG, "", "0..1", "chosen",                                       \
      "the [dns] deadline passed before all was known")                                \
    /* fact_reputation.c */                                                            \
    F(from_not_senders, FACT_TEXT, "", "text", "chosen",                               \
      "the first address in From: or MAIL FROM that is not the sender's, when "        \
      "from_matches_sender is fail")                                                   \
    F(lists_failed, FACT_COUNT, "lists", "0..", "RFC 5782",                            \
      "DNS lists that gave no answer that counts, or are left alone for a while "      \
      "because they did not")                                                          \
    F(links_unasked, FACT_FLAG, "", "0..1", "chosen",                                  \
      "more domains and hosts in links than DNS lists are asked for (20)")             \
    F(virus_problem, FACT_TEXT, "", "text", "clamd(8)",                                \
      "why virus is neither pass nor fail: clamd is away, slow, or was not given all")

#endif
