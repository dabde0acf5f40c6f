/* SPDX-License-Identifier: BSD-2-Clause
 *
 * geoip - the country of an address, from a MaxMind DB file ([mail] geoip).
 *
 * The only module that names libmaxminddb; built without it, geoip_open says so.
 * Threads: an open database is never changed; lookups are safe.
 * Source: libmaxminddb(3); the keys country and registered_country of GeoLite2-Country,
 * and country_code of DB-IP's flat form.
 */
#ifndef OUTGATE_BASE_GEOIP_H
#define OUTGATE_BASE_GEOIP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/netaddr.h"

struct geoip;

enum { GEOIP_COUNTRY_BYTES = 3 };

/* geoip_open - map the file. ERR_CONFIG: it is missing, broken, or this program was
 * built without libmaxminddb. Replace the file with rename, never in place. */
int geoip_open(struct geoip **out, const char *path, struct err *err);

/* geoip_close - NULL is fine. */
void geoip_close(struct geoip **geoip);

/* geoip_country - ISO 3166-1 alpha-2, "FR". False, and "", when it is not known; geoip
 * may be NULL. */
bool geoip_country(const struct geoip *geoip, const struct netaddr *address,
                   char out[GEOIP_COUNTRY_BYTES]);

#endif
