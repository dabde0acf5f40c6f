/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "tool/provider/dossier.h"

enum {
    MAIL_BYTES = 400 << 20,
    BASE64_LINE = 57,    /* bytes that make a line of 76 characters */
    BOUNDARY_BYTES = 48, /* with its number */
};

static void add_base64(struct buf *out, struct span bytes)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned group = (unsigned)at[i] << 16;
        group |= left > 1 ? (unsigned)at[i + 1] << 8 : 0;
        group |= left > 2 ? at[i + 2] : 0;
        buf_add_char(out, digits[group >> 18]);
        buf_add_char(out, digits[group >> 12 & 63]);
        buf_add_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
        buf_add_char(out, left > 2 ? digits[group & 63] : '=');
        if ((i / 3 + 1) % (BASE64_LINE / 3) == 0)
            buf_add_span(out, SPAN("\r\n"));
    }
    buf_add_span(out, SPAN("\r\n"));
}

/* RFC 2046 5.1.1: no part may hold the boundary. */
static void choose_boundary(const struct dossier *dossier, char out[BOUNDARY_BYTES])
{
    bool is_used = true;
    for (unsigned number = 0; is_used; number++) {
        snprintf(out, BOUNDARY_BYTES, "outgate-%" PRIx64 "-%u",
                 (uint64_t)dossier->made_us, number);
        is_used = false;
        for (size_t i = 0; i < dossier->message_count && !is_used; i++)
            is_used = span_find(dossier->messages[i].eml, span_of(out)) >= 0;
    }
}

/* RFC 2045 2.7 to 2.9: what an original needs, since it may not be encoded anew. */
static const char *encoding_of(struct span eml)
{
    size_t line = 0;
    bool is_eight_bit = false;
    for (size_t i = 0; i < eml.len; i++) {
        line = eml.at[i] == '\n' ? 0 : line + 1;
        is_eight_bit |= (unsigned char)eml.at[i] > 0x7f;
        bool is_bare = eml.at[i] == '\n' && (i == 0 || eml.at[i - 1] != '\r');
        if (eml.at[i] == '\0' || line > 999 || is_bare)
            return "binary";
    }
    return is_eight_bit ? "8bit" : "7bit";
}

static void add_head(const struct dossier *dossier, const char *boundary,
                     const char *address, struct buf *out)
{
    char date[64];
    time_t at = (time_t)(dossier->made_us / 1000000);
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    buf_printf(out,
               "From:\r\nTo:\r\nDate: %s\r\n"
               "Subject: Not spam: port 25 of %s, %zu message%s\r\n"
               "X-Unsent: 1\r\nMIME-Version: 1.0\r\n"
               "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n",
               date, address, dossier->message_count,
               dossier->message_count == 1 ? "" : "s", boundary);
}

static const char *short_name(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

/* "17/original.eml" as a file's name: 17-original.eml */
static void add_name(struct buf *out, const char *name)
{
    for (const char *p = short_name(name); *p != '\0'; p++)
        buf_add_char(out, *p == '/' ? '-' : *p);
}

static void add_part(const struct archive_file *file, const char *boundary,
                     bool is_first, struct buf *out)
{
    struct span name = span_of(file->name);
    bool is_mail = span_iends(name, SPAN("/original.eml"));
    bool is_header = span_iends(name, SPAN("/headers-only.eml"));
    const char *type = is_mail                           ? "message/rfc822"
                       : is_header                       ? "text/rfc822-headers"
                       : span_iends(name, SPAN(".json")) ? "application/json"
                                                         : "text/plain; charset=utf-8";
    buf_printf(out, "--%s\r\nContent-Type: %s\r\nContent-Disposition: %s; filename=\"",
               boundary, type, is_first ? "inline" : "attachment");
    add_name(out, file->name);
    buf_printf(out, "\"\r\nContent-Transfer-Encoding: %s\r\n\r\n",
               is_mail ? encoding_of(file->bytes) : "base64");
    if (is_mail)
        buf_add_span(out, file->bytes);
    else
        add_base64(out, file->bytes);
    buf_add_span(out, SPAN("\r\n"));
}

int dossier_mail(struct tool *tool, const struct dossier *dossier, struct span *out,
                 struct err *err)
{
    const struct conf_list *egress = &tool->settings->egress;
    char boundary[BOUNDARY_BYTES];
    struct buf mail;
    buf_init(&mail, tool->arena, MAIL_BYTES);
    choose_boundary(dossier, boundary);
    add_head(dossier, boundary, egress->count > 0 ? egress->at[0] : "our server",
             &mail);
    for (size_t i = 0; i < dossier->file_count; i++)
        add_part(&dossier->files[i], boundary, i == 0, &mail);
    buf_printf(&mail, "--%s--\r\n", boundary);
    *out = buf_span(&mail);
    return mail.is_full ? err_set(err, ERR_MEMORY, "the mail grows too long") : 0;
}
