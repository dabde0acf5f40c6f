/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/archive.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/buf.h"

enum {
    BLOCK = 512,
    GZIP_WINDOW = 15 + 16, /* zlib.h: 16 more means a gzip header */
    RAW_WINDOW = -15,      /* no header: what a zip holds */
    MODE_PRIVATE = 0600,
};
#define ARCHIVE_BYTES ((size_t)1 << 30)

enum archive_form archive_form_of(const char *path)
{
    struct span name = span_of(path);
    if (span_iends(name, SPAN(".tar.gz")) || span_iends(name, SPAN(".tgz")))
        return ARCHIVE_TAR_GZ;
    return span_iends(name, SPAN(".zip")) ? ARCHIVE_ZIP : ARCHIVE_UNKNOWN;
}

static int deflate_bytes(struct span in, int window, struct arena *arena,
                         struct span *out, struct err *err)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, ERR_MEMORY, "out of memory");
    size_t room = deflateBound(&z, in.len);
    char *bytes = arena_alloc(arena, room);
    if (bytes == NULL || in.len > ARCHIVE_BYTES) {
        deflateEnd(&z);
        return err_set(err, ERR_MEMORY, "out of memory");
    }
    z.next_in = (Bytef *)(uintptr_t)in.at;
    z.avail_in = (uInt)in.len;
    z.next_out = (Bytef *)bytes;
    z.avail_out = (uInt)room;
    int rc = deflate(&z, Z_FINISH);
    *out = (struct span){bytes, room - z.avail_out};
    deflateEnd(&z);
    return rc == Z_STREAM_END ? 0 : err_set(err, ERR_IO, "cannot compress");
}

/* ---- tar ---- */

struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag;
    char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8];
    char devminor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a tar header is one block");

static void octal(char *into, size_t size, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(into, text, size);
}

static void tar_add(struct buf *out, const struct archive_file *file, int64_t at_s)
{
    static const char zeros[BLOCK];
    struct ustar head = {.typeflag = '0',
                         .magic = {'u', 's', 't', 'a', 'r', '\0'},
                         .version = {'0', '0'}};
    unsigned sum = 0;
    memcpy(head.name, file->name, strlen(file->name));
    octal(head.mode, sizeof head.mode, MODE_PRIVATE);
    octal(head.uid, sizeof head.uid, 0);
    octal(head.gid, sizeof head.gid, 0);
    octal(head.size, sizeof head.size, file->bytes.len);
    octal(head.mtime, sizeof head.mtime, (uint64_t)at_s);
    memset(head.chksum, ' ', sizeof head.chksum);
    for (size_t i = 0; i < sizeof head; i++)
        sum += ((const unsigned char *)&head)[i];
    octal(head.chksum, sizeof head.chksum - 1, sum);
    buf_add(out, &head, sizeof head);
    buf_add_span(out, file->bytes);
    buf_add(out, zeros, (BLOCK - file->bytes.len % BLOCK) % BLOCK);
}

static int make_tar(const struct archive_file *files, size_t count, int64_t at_s,
                    struct arena *arena, struct span *out, struct err *err)
{
    static const char end[2 * BLOCK];
    struct buf tar;
    buf_init(&tar, arena, ARCHIVE_BYTES);
    for (size_t i = 0; i < count; i++)
        tar_add(&tar, &files[i], at_s);
    buf_add(&tar, end, sizeof end);
    if (tar.is_full)
        return err_set(err, ERR_MEMORY, "out of memory");
    return deflate_bytes(buf_span(&tar), GZIP_WINDOW, arena, out, err);
}

/* ---- zip ---- */

/* What a local header and the central directory say alike. */
struct member {
    const struct archive_file *file;
    struct span packed;
    uint32_t crc, offset, dos_time;
};

static void little(struct buf *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_add_char(out, (char)(value >> 8 * i & 0xff));
}

/* APPNOTE 4.4.6: years since 1980, seconds in twos. */
static uint32_t dos_time(int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm tm;
    if (gmtime_r(&at, &tm) == NULL || tm.tm_year < 80)
        return 0x210000;
    return (uint32_t)(tm.tm_year - 80) << 25 | (uint32_t)(tm.tm_mon + 1) << 21 |
           (uint32_t)tm.tm_mday << 16 | (uint32_t)tm.tm_hour << 11 |
           (uint32_t)tm.tm_min << 5 | (uint32_t)tm.tm_sec / 2;
}

/* APPNOTE 4.3.7 and 4.3.12 from "general purpose bit flag" to "extra field length". */
static void zip_common(struct buf *out, const struct member *member)
{
    little(out, 1 << 11, 2); /* names are UTF-8 */
    little(out, 8, 2);       /* deflated */
    little(out, member->dos_time, 4);
    little(out, member->crc, 4);
    little(out, (uint32_t)member->packed.len, 4);
    little(out, (uint32_t)member->file->bytes.len, 4);
    little(out, (uint32_t)strlen(member->file->name), 2);
    little(out, 0, 2);
}

static void zip_local(struct buf *out, struct member *member)
{
    member->offset = (uint32_t)out->len;
    little(out, 0x04034b50, 4);
    little(out, 20, 2);
    zip_common(out, member);
    buf_add_span(out, span_of(member->file->name));
    buf_add_span(out, member->packed);
}

static void zip_central(struct buf *out, const struct member *member)
{
    little(out, 0x02014b50, 4);
    little(out, 3 << 8 | 20, 2); /* made on Unix: the mode below counts */
    little(out, 20, 2);
    zip_common(out, member);
    little(out, 0, 2);
    little(out, 0, 2);
    little(out, 0, 2);
    little(out, (uint32_t)(0100000 | MODE_PRIVATE) << 16, 4);
    little(out, member->offset, 4);
    buf_add_span(out, span_of(member->file->name));
}

static void zip_end(struct buf *out, size_t count, size_t central_at)
{
    uint32_t central_bytes = (uint32_t)(out->len - central_at);
    little(out, 0x06054b50, 4);
    little(out, 0, 4);
    little(out, (uint32_t)count, 2);
    little(out, (uint32_t)count, 2);
    little(out, central_bytes, 4);
    little(out, (uint32_t)central_at, 4);
    little(out, 0, 2);
}

static int make_zip(const struct archive_file *files, size_t count, int64_t at_s,
                    struct arena *arena, struct span *out, struct err *err)
{
    struct buf zip;
    struct member *members = arena_array(arena, count + 1, sizeof *members);
    if (members == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    buf_init(&zip, arena, ARCHIVE_BYTES);
    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){
            .file = &files[i],
            .crc = (uint32_t)crc32_z(0, (const Bytef *)files[i].bytes.at,
                                     files[i].bytes.len),
            .dos_time = dos_time(at_s),
        };
        if (deflate_bytes(files[i].bytes, RAW_WINDOW, arena, &members[i].packed, err) !=
            0)
            return -1;
        zip_local(&zip, &members[i]);
    }
    size_t central_at = zip.len;
    for (size_t i = 0; i < count; i++)
        zip_central(&zip, &members[i]);
    zip_end(&zip, count, central_at);
    *out = buf_span(&zip);
    return zip.is_full ? err_set(err, ERR_MEMORY, "out of memory") : 0;
}

int archive_make(enum archive_form form, const struct archive_file *files, size_t count,
                 int64_t at_s, struct arena *arena, struct span *out, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(files[i].name) > ARCHIVE_NAME_MAX)
            return err_set(err, ERR_USAGE, "%s: too long a name for an archive",
                           files[i].name);
    if (count > UINT16_MAX)
        return err_set(err, ERR_USAGE, "too many files for an archive");
    return form == ARCHIVE_ZIP ? make_zip(files, count, at_s, arena, out, err)
                               : make_tar(files, count, at_s, arena, out, err);
}
