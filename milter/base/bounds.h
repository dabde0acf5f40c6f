/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounds - every hard bound in one place, each with its unit and its reason.
 *
 * These are not config: they keep hostile input from costing more than honest mail
 * ever needs. A bound that is reached on a message is a fact (bounds_reached), never
 * a silent cut. Source of all figures: chosen, from what the public corpora hold
 * (their largest values are far below), unless a line says otherwise.
 */
#ifndef OUTGATE_BASE_BOUNDS_H
#define OUTGATE_BASE_BOUNDS_H

enum {
    /* message */
    BOUND_FIELDS = 1000,       /* header fields kept in a message's header */
    BOUND_FIELD_BYTES = 65536, /* bytes of one field's value; Postfix cuts at 60000 */
    BOUND_HEADER_BYTES = 1 << 20,   /* bytes of a whole header */
    BOUND_PARTS = 500,              /* MIME parts in a message */
    BOUND_PART_DEPTH = 20,          /* MIME nesting */
    BOUND_SOURCES = 2,              /* encoded messages within encoded messages: RFC
                                       2046 5.2.1 allows none, each is decoded anew */
    BOUND_PART_FIELDS = 64,         /* header fields kept of a MIME part */
    BOUND_PARAMETERS = 64,          /* parameters of one Content-* field */
    BOUND_CHARSETS = 200,           /* iconv_open calls for one message; each may load a
                                       module from disk, 150 us (measured) */
    BOUND_CHARSET_ERRORS = 20000,   /* bytes a charset lacks, in one message: each costs
                                       an iconv call */
    BOUND_TEXT_BYTES = 1 << 19,     /* decoded text kept of one part */
    BOUND_TEXTS_BYTES = 4 << 20,    /* decoded text kept of all parts */
    BOUND_RENDERED_BYTES = 1 << 19, /* visible text of the whole message */
    BOUND_ADDRESSES = 1000,         /* mailboxes read from one address field */
    BOUND_RECIPIENTS = 50000,       /* RCPT TO of one message; RFC 5321 4.5.3.1.8 asks
                                       for 100, Postfix has 1000 and 50000 for lists */
    BOUND_ADDRESS_BYTES = 1024,     /* one envelope address; RFC 5321 4.5.3.1.3: 256 */

    BOUND_RELAYS = 100,          /* Received: fields read; RFC 5321 6.3 lets 100 pass */
    BOUND_RECEIVED_BYTES = 4096, /* of one Received: field */
    BOUND_RECEIVED_STEPS = 20000, /* of trying its forms */

    /* html */
    BOUND_HTML_LINKS = 2000,      /* links kept of a message */
    BOUND_HTML_IMAGES = 2000,     /* images kept of a message */
    BOUND_HTML_ATTRIBUTES = 64,   /* attributes looked at in one tag */
    BOUND_HTML_DEPTH = 256,       /* open elements remembered for hidden text */
    BOUND_HTML_STYLE_RULES = 512, /* selectors of style sheets remembered */
    BOUND_HTML_CLASSES = 16,      /* classes of one element looked up */
    BOUND_HTML_NAMES = 512,       /* different tag names counted in one part */
    BOUND_HTML_PIECES = 2000, /* comments, titles, anchors or faces kept of one part */
    BOUND_LINK_BYTES = 4096,  /* bytes of one link's target or text */

    /* rules */
    BOUND_RULES = 50000,            /* rules in all files */
    BOUND_RULE_LINE_BYTES = 262144, /* one logical line of a rule file; the largest
                                     published one has 170 kB */
    BOUND_RULE_FILES = 2000,        /* files in all rule folders */
    BOUND_RULE_DOMAINS = 100000,    /* top-level domains in rule files; the published
                                       list has 8,000 */
    BOUND_RULE_RESOLVED_BYTES = 1 << 18, /* of <base href> in the links of one page:
                                     each is copied with it, several times */
    BOUND_REDIRECTORS = 100,  /* redirector_pattern lines: each is run on each link */
    BOUND_RULE_URIS = 10000,  /* links in all their forms that uri rules see */
    BOUND_INCLUDE_DEPTH = 10, /* include within include */
    BOUND_MATCH_TEXT_BYTES = 65536, /* one text handed to one pattern: match limits
                                     do not bound quadratic scans (measured) */
    BOUND_RULE_PART_BYTES = 50000,  /* of one text that body rules read: SpamAssassin's
                                       Conf(3pm) body_part_scan_size */
    BOUND_RULE_TEXT_BYTES = 160000, /* and of all: three such and more; at 300 ns a
                                       byte for the stock rules (measured) */
    BOUND_RULE_RAW_BYTES = 1 << 20, /* of all that rawbody rules read */
    BOUND_CAPTURES = 100,           /* texts that one rule hands to others, %{NAME} */
    BOUND_MATCHES = 1000,           /* matches counted of one `tflags multiple` rule */
    BOUND_MATCH_STEPS = 200000,     /* PCRE2 match limit */
    BOUND_MATCH_DEPTH = 10000,      /* PCRE2 depth limit */
    BOUND_MATCH_HEAP_KIB = 20480,   /* PCRE2 heap limit */
    BOUND_PREFILTER_BYTES = 524288, /* literals of the rules of one target text; rules
                                     beyond them run on every text */
    BOUND_CHAIN_BLOCKS = 64,        /* of 256 links, of chains of bytes of such rules */
    BOUND_EXPRESSION_NODES = 4096,  /* nodes of one meta or fact expression */
    BOUND_EXPRESSION_DEPTH = 200,   /* parentheses within parentheses */

    /* reputation, owners, viruses */
    BOUND_LISTS = 32,                /* DNS lists in a config, of each sort */
    BOUND_LIST_NAMES = 20,           /* hosts and domains of links asked for */
    BOUND_LIST_LINKS = 400,          /* links looked at for them */
    BOUND_OWNER_BYTES = 64 << 20,    /* a map of owners: a million lines */
    BOUND_OWNER_LINE_BYTES = 65536,  /* one line of it */
    BOUND_OWNER_ADDRESSES = 64,      /* From: mailboxes looked up; more do not pass */
    BOUND_VIRUS_ANSWER_BYTES = 1024, /* what clamd says of one message */

    /* limits and store */
    BOUND_LIMITS = 100,                /* limits in a config */
    BOUND_KEY_BYTES = 512,             /* one limit key or identity */
    BOUND_BLOCKED_NETWORKS = 1000,     /* blocked networks, compared with each client */
    BOUND_CHARGED_DOMAINS = 200,       /* recipient domains with a line of their own */
    BOUND_COLUMN_BYTES = 1024,         /* one text column of the audit row */
    BOUND_RCPT_TO_BYTES = 4096,        /* the first recipients, in one column */
    BOUND_AUTHENTICATION_BYTES = 2048, /* results of all methods, in one column */
    BOUND_FACTS_BYTES = 65536,         /* facts_json of a message */
    BOUND_STORED_HEADER_BYTES = 65536, /* headers kept of a message */
    BOUND_STORED_BODY_BYTES = 1 << 20, /* body kept with keep = full */
    BOUND_REPLY_BYTES = 900,           /* an SMTP reply; libmilter takes 980 */

    /* dns */
    BOUND_DNS_RECORDS = 100,     /* records kept of one answer */
    BOUND_DNS_TEXT_BYTES = 8192, /* of one TXT record: a 4096-bit key has 740 bytes */
    BOUND_DNS_ANSWER_BYTES = 65536,    /* of one answer: what a TCP reply can hold */
    BOUND_DNS_CNAMES = 10,             /* aliases followed: libunbound has 11 */
    BOUND_DNS_CACHE_ENTRIES = 20000,   /* answers kept */
    BOUND_DNS_CACHE_BYTES = 16 << 20,  /* memory they take */
    BOUND_DNS_TTL_S = 86400,           /* longest that an answer is believed */
    BOUND_DNS_NEGATIVE_TTL_S = 900,    /* and that nothing is there; RFC 2308 5: 3 h */
    BOUND_DNS_FAILURE_TTL_S = 5,       /* and that nobody answers; RFC 2308 7: 5 min */
    BOUND_DNS_UNDER_WAY = 256,         /* questions asked at once */
    BOUND_DNS_QUESTION_S = 10,         /* after which a question is given up */
    BOUND_DNS_SERVERS = 16,            /* in a config */
    BOUND_DNS_ZONE_BYTES = 16 << 20,   /* a static zone's file */
    BOUND_DNS_ZONE_MEMORY = 256 << 20, /* and what it takes when it is read */

    /* spf */
    BOUND_SPF_RECORD_BYTES = 2048, /* of a record; RFC 7208 3.4 asks for 450 */
    BOUND_SPF_DOMAIN_BYTES = 255,  /* of a domain-spec with its macros */
    BOUND_SPF_TERMS = 10,          /* terms that ask the DNS: RFC 7208 4.6.4 */
    BOUND_SPF_VOIDS = 2,           /* of their questions that find nothing: same */
    BOUND_SPF_NAMES = 10,          /* names of an address that are tried: same */
    BOUND_SPF_RECORDS = 100,       /* records handed to libspf2: as BOUND_DNS_RECORDS */
    BOUND_SPF_EGRESS = 16,         /* addresses asked about */

    /* reports */
    BOUND_REPORT_RECIPIENTS = 100,  /* recipients read from one bounce or complaint */
    BOUND_REPORT_QUEUE_IDS = 20,    /* queue ids of the original that are tried */
    BOUND_REPORT_BYTES = 262144,    /* text of a report that is read */
    BOUND_REPORT_TEXT_BYTES = 1000, /* what an MTA said of one recipient */
    BOUND_ALERT_SAMPLES = 1000,     /* messages that one alert names */
    BOUND_SNDS_ROWS = 20000,        /* rows of one SNDS export: 55 addresses, a year */
    BOUND_FEEDBACK_DAYS = 30,       /* how old a message is that a report is about */
};

#endif
