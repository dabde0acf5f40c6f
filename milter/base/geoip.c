/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/geoip.h"

#include "config.h"

#ifdef HAVE_MAXMINDDB
#include <arpa/inet.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct geoip {
    MMDB_s file;
};

int geoip_open(struct geoip **out, const char *path, struct err *err)
{
    struct geoip *geoip = calloc(1, sizeof *geoip);
    *out = NULL;
    if (geoip == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the country database");
    int status = MMDB_open(path, MMDB_MODE_MMAP, &geoip->file);
    if (status != MMDB_SUCCESS) {
        free(geoip);
        return err_set(err, ERR_CONFIG, "[mail] geoip: %s: %s", path,
                       MMDB_strerror(status));
    }
    *out = geoip;
    return 0;
}

void geoip_close(struct geoip **geoip)
{
    if (*geoip == NULL)
        return;
    MMDB_close(&(*geoip)->file);
    free(*geoip);
    *geoip = NULL;
}

/* A text of two capitals at that path of the entry. */
static bool read_code(MMDB_entry_s *entry, const char *const path[],
                      char out[GEOIP_COUNTRY_BYTES])
{
    MMDB_entry_data_s data;
    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (data.utf8_string[i] < 'A' || data.utf8_string[i] > 'Z')
            return false;
    memcpy(out, data.utf8_string, 2);
    out[2] = '\0';
    return true;
}

static bool look_up(const struct geoip *geoip, const struct netaddr *address,
                    MMDB_lookup_result_s *result)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    int status = MMDB_SUCCESS;
    const struct sockaddr *to = (const struct sockaddr *)&four;
    memcpy(&four.sin_addr, address->bytes, sizeof four.sin_addr);
    memcpy(&six.sin6_addr, address->bytes, sizeof six.sin6_addr);
    if (address->bits != 32)
        to = (const struct sockaddr *)&six;
    *result = MMDB_lookup_sockaddr(&geoip->file, to, &status);
    return status == MMDB_SUCCESS && result->found_entry;
}

bool geoip_country(const struct geoip *geoip, const struct netaddr *address,
                   char out[GEOIP_COUNTRY_BYTES])
{
    static const char *const paths[][3] = {
        {"country", "iso_code", NULL},
        {"registered_country", "iso_code", NULL},
        {"country_code", NULL},
    };
    MMDB_lookup_result_s result;
    out[0] = '\0';
    if (geoip == NULL || !look_up(geoip, address, &result))
        return false;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (read_code(&result.entry, paths[i], out))
            return true;
    return false;
}

#else

int geoip_open(struct geoip **out, const char *path, struct err *err)
{
    *out = NULL;
    return err_set(err, ERR_CONFIG,
                   "[mail] geoip: %s: built without libmaxminddb (Debian: "
                   "libmaxminddb-dev)",
                   path);
}

void geoip_close(struct geoip **geoip)
{
    *geoip = NULL;
}

bool geoip_country(const struct geoip *geoip, const struct netaddr *address,
                   char out[GEOIP_COUNTRY_BYTES])
{
    (void)geoip;
    (void)address;
    out[0] = '\0';
    return false;
}

#endif
