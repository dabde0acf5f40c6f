/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_attachments - what is attached: by name, by declared type, by first bytes. Pure.
 */
#include "facts/fact_input.h"

#include <string.h>

#include "facts/fact_lists.h"

enum { EXTENSION_BYTES_MOST = 10, KINDS_BYTES = 256 };

/* What the first bytes say. */
enum magic {
    MAGIC_UNKNOWN = 0,
    MAGIC_EXECUTABLE, /* MZ, ELF, #! */
    MAGIC_ZIP,        /* also OOXML, ODF, jar, apk */
    MAGIC_ARCHIVE,    /* rar, 7z, gzip, bzip2, xz */
    MAGIC_OLE,        /* doc, xls, ppt, msi, msg */
    MAGIC_PDF,
    MAGIC_IMAGE,
    MAGIC_PAGE, /* HTML, SVG */
};

struct attachment_sum {
    size_t count, executables, archives, macros, pages, images, doubles, mismatches;
    size_t encrypted, packed_executables, active_drawings;
    uint64_t bytes;
    struct buf kinds;
};

static enum magic read_magic(struct span bytes)
{
    static const struct {
        struct span head;
        enum magic magic;
    } heads[] = {
        {SPAN("MZ"), MAGIC_EXECUTABLE},
        {SPAN("\x7f"
              "ELF"),
         MAGIC_EXECUTABLE},
        {SPAN("#!/"), MAGIC_EXECUTABLE},
        {SPAN("PK\x03\x04"), MAGIC_ZIP},
        {SPAN("PK\x05\x06"), MAGIC_ZIP},
        {SPAN("Rar!\x1a"), MAGIC_ARCHIVE},
        {SPAN("7z\xbc\xaf"), MAGIC_ARCHIVE},
        {SPAN("\x1f\x8b"), MAGIC_ARCHIVE},
        {SPAN("BZh"), MAGIC_ARCHIVE},
        {SPAN("\xfd"
              "7zXZ"),
         MAGIC_ARCHIVE},
        {SPAN("\xd0\xcf\x11\xe0"), MAGIC_OLE},
        {SPAN("%PDF"), MAGIC_PDF},
        {SPAN("\x89PNG"), MAGIC_IMAGE},
        {SPAN("\xff\xd8\xff"), MAGIC_IMAGE},
        {SPAN("GIF8"), MAGIC_IMAGE},
        {SPAN("<!doctype html"), MAGIC_PAGE},
        {SPAN("<html"), MAGIC_PAGE},
        {SPAN("<svg"), MAGIC_PAGE},
        {SPAN("<script"), MAGIC_PAGE},
    };
    struct span text = span_trim(span_head(bytes, 256));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct span s = heads[i].magic == MAGIC_PAGE ? text : bytes;
        if (heads[i].magic == MAGIC_PAGE ? span_istarts(s, heads[i].head)
                                         : span_starts(s, heads[i].head))
            return heads[i].magic;
    }
    return MAGIC_UNKNOWN;
}

/* The lower-case extension of name, "" if none; *stem: what stands before its dot. */
static struct span extension(struct arena *arena, struct span name, struct span *stem)
{
    name = span_trim(name);
    while (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--; /* Windows drops them */
    ptrdiff_t dot = span_rindex(name, '.');
    *stem = name;
    if (dot < 0 || name.len - (size_t)dot - 1 > EXTENSION_BYTES_MOST)
        return SPAN("");
    *stem = span_head(name, (size_t)dot);
    return span_lower(arena, span_trim(span_from(name, (size_t)dot + 1)));
}

static bool is_active(struct span ext)
{
    return list_has(LIST_EXECUTABLES, ext) || list_has(LIST_PAGES, ext);
}

/* invoice.pdf.exe, invoice.pdf      .html: a document's extension, then an active one.
 */
static bool is_double(struct arena *arena, struct span stem, struct span ext)
{
    struct span rest;
    struct span inner = extension(arena, stem, &rest);
    return is_active(ext) && list_has(LIST_DOCUMENTS, inner);
}

static bool is_office_zip(struct span ext)
{
    static const char *const names[] = {
        "docx", "xlsx", "pptx", "odt",  "ods",   "odp",     "epub", "jar",
        "apk",  "docm", "xlsm", "pptm", "xlsb",  "dotx",    "xltx", "potx",
        "kmz",  "xpi",  "ppsx", "odg",  "pages", "numbers", "key",  NULL};
    for (size_t i = 0; names[i] != NULL; i++)
        if (span_eq(ext, span_of(names[i])))
            return true;
    return false;
}

/* Name and first bytes tell different stories. Only sorts that one program could not
 * open as the other count; what is not known is no mismatch. */
static bool is_mismatch(enum magic magic, struct span ext)
{
    bool is_image = list_has(LIST_IMAGES, ext);
    bool is_pdf = span_eq(ext, SPAN("pdf"));
    bool is_text = span_eq(ext, SPAN("txt")) || span_eq(ext, SPAN("csv"));
    bool is_document = is_pdf || is_text || is_image || is_office_zip(ext) ||
                       list_has(LIST_MACROS, ext);
    switch (magic) {
    case MAGIC_EXECUTABLE:
        return is_document;
    case MAGIC_PAGE:
        return is_pdf || is_image || is_office_zip(ext);
    case MAGIC_ZIP:
    case MAGIC_ARCHIVE:
        return is_pdf || is_text || is_image;
    case MAGIC_OLE:
    case MAGIC_IMAGE:
        return is_pdf || is_text;
    case MAGIC_PDF:
        return is_image || is_text;
    case MAGIC_UNKNOWN:
    default:
        return false;
    }
}

static unsigned little_16(struct span s, size_t at)
{
    return (unsigned char)s.at[at] | (unsigned)(unsigned char)s.at[at + 1] << 8;
}

/* The first entry of a ZIP (APPNOTE 4.3.7): encrypted, or an executable by name. */
static void add_zip(struct attachment_sum *sum, struct arena *arena, struct span bytes)
{
    struct span stem;
    if (bytes.len < 30)
        return;
    sum->encrypted += little_16(bytes, 6) & 1;
    struct span name = span_head(span_from(bytes, 30), little_16(bytes, 26));
    sum->packed_executables +=
        list_has(LIST_EXECUTABLES, extension(arena, name, &stem));
}

/* Each extension once, in the order of the message. */
static void add_kind(struct attachment_sum *sum, const struct part *part,
                     struct span ext)
{
    struct span kind = ext.len > 0 ? ext : part->subtype;
    struct span rest = buf_span(&sum->kinds);
    struct span seen;
    if (kind.len == 0 || kind.len > 64)
        return;
    while (rest.len > 0) {
        span_cut(rest, ',', &seen, &rest);
        if (span_eq(seen, kind))
            return;
    }
    if (sum->kinds.len + kind.len + 1 > KINDS_BYTES)
        return; /* no name is cut in half */
    if (sum->kinds.len > 0)
        buf_add_char(&sum->kinds, ',');
    buf_add_span(&sum->kinds, kind);
}

static bool is_drawing(const struct part *part, struct span ext)
{
    return span_eq(ext, SPAN("svg")) || (span_eq(part->type, SPAN("image")) &&
                                         span_eq(part->subtype, SPAN("svg+xml")));
}

/* A handler is an attribute: onload=, onclick=, onbegin= ... */
static bool has_handler(struct span bytes)
{
    struct span rest = bytes;
    ptrdiff_t at;
    while ((at = span_ifind(rest, SPAN("on"))) >= 0) {
        bool is_word = at > 0 && ascii_is_space(rest.at[at - 1]);
        rest = span_from(rest, (size_t)at + 2);
        size_t end = 0;
        while (end < rest.len && ascii_is_alnum(rest.at[end]))
            end++;
        if (is_word && end > 2 && end < rest.len && rest.at[end] == '=')
            return true;
    }
    return false;
}

static bool is_active_drawing(struct span bytes)
{
    static const char *const signs[] = {"<script", "javascript:", "<foreignobject",
                                        "<!entity"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (span_ifind(bytes, span_of(signs[i])) >= 0)
            return true;
    return has_handler(bytes);
}

static bool is_page_type(const struct part *part)
{
    return (span_eq(part->type, SPAN("text")) &&
            span_eq(part->subtype, SPAN("html"))) ||
           (span_eq(part->type, SPAN("image")) &&
            span_eq(part->subtype, SPAN("svg+xml")));
}

static void add_attachment(struct attachment_sum *sum, struct arena *arena,
                           const struct part *part)
{
    struct span stem;
    struct span ext = extension(arena, part->filename, &stem);
    enum magic magic = read_magic(part->content);
    bool is_executable = list_has(LIST_EXECUTABLES, ext) ||
                         (magic == MAGIC_EXECUTABLE && !is_office_zip(ext));
    sum->count++;
    sum->bytes += part->content_bytes;
    sum->executables += is_executable;
    sum->archives += list_has(LIST_ARCHIVES, ext) || magic == MAGIC_ARCHIVE ||
                     (magic == MAGIC_ZIP && !is_office_zip(ext));
    sum->macros += list_has(LIST_MACROS, ext);
    sum->pages += list_has(LIST_PAGES, ext) || is_page_type(part);
    sum->active_drawings += is_drawing(part, ext) && is_active_drawing(part->content);
    sum->images += span_eq(part->type, SPAN("image")) || magic == MAGIC_IMAGE;
    sum->doubles += is_double(arena, stem, ext);
    sum->mismatches += is_mismatch(magic, ext);
    if (magic == MAGIC_ZIP)
        add_zip(sum, arena, part->content);
    add_kind(sum, part, ext);
}

void fact_attachments(const struct fact_input *in, struct facts *out)
{
    struct attachment_sum sum = {0};
    buf_init(&sum.kinds, in->arena, KINDS_BYTES);
    for (size_t i = 0; i < in->msg->part_count; i++)
        if (in->msg->parts[i].is_attachment)
            add_attachment(&sum, in->arena, &in->msg->parts[i]);
    FACT_SET(attachment_count, sum.count);
    FACT_SET(attachment_bytes, sum.bytes);
    FACT_SET(attachment_executables, sum.executables);
    FACT_SET(attachment_archives, sum.archives);
    FACT_SET(attachment_archives_encrypted, sum.encrypted);
    FACT_SET(attachment_archives_executable, sum.packed_executables);
    FACT_SET(attachment_macros, sum.macros);
    FACT_SET(attachment_html, sum.pages);
    FACT_SET(attachment_svg_active, sum.active_drawings);
    FACT_SET(attachment_images, sum.images);
    FACT_SET(attachment_double_extensions, sum.doubles);
    FACT_SET(attachment_type_mismatches, sum.mismatches);
    FACT_TEXT_SET(attachment_kinds, buf_span(&sum.kinds));
}
