/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns_wire - records from the wire, and answers that are whole: bounded, sorted, copied
 * in one piece. Reads what strangers' servers say; must never trust a length. Pure.
 */
#ifndef OUTGATE_BASE_DNS_WIRE_H
#define OUTGATE_BASE_DNS_WIRE_H

#include "base/dns.h"

/* dns_wire_record - one record's data, names in it uncompressed. Returns false when it
 * is malformed or the arena is at its end. *is_cut is set when a text was longer than
 * BOUND_DNS_TEXT_BYTES: its beginning is kept. Source: RFC 1035 3.3, RFC 3596 2.2. */
bool dns_wire_record(enum dns_type type, struct span data, struct arena *arena,
                     struct dns_record *out, bool *is_cut);

/* dns_wire_text - the strings of a TXT record, joined. Source: RFC 1035 3.3.14. */
bool dns_wire_text(struct span data, struct arena *arena, struct span *out,
                   bool *is_cut);

/* dns_record_address - address, and text as its text form; 4 bytes or 16. */
bool dns_record_address(struct dns_record *record, const void *bytes, size_t len,
                        struct arena *arena);

/* dns_answer_sort - records by preference, then by bytes; of twins one stays. */
void dns_answer_sort(struct dns_answer *answer);

/* dns_answer_bytes - what the records and texts of an answer take in one piece.
 * dns_answer_pack - write them to at, which has so many bytes, aligned for any type:
 * *out is the copy. */
size_t dns_answer_bytes(const struct dns_answer *answer);
void dns_answer_pack(const struct dns_answer *answer, void *at, struct dns_answer *out);

/* dns_answer_copy - into the arena; a temperror when it is at its end. */
void dns_answer_copy(const struct dns_answer *answer, struct arena *arena,
                     struct dns_answer *out);

#endif
