/* SPDX-License-Identifier: BSD-2-Clause */
#include "tune/wilson.h"

#include <math.h>

double wilson_least(int64_t hits, int64_t total)
{
    const double z = 1.959964; /* of 95 % */
    if (total <= 0)
        return 0;
    double n = (double)total;
    double p = (double)(hits < total ? hits : total) / n;
    double centre = p + z * z / (2 * n);
    double spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double least = (centre - spread) / (1 + z * z / n);
    return least > 0 ? least : 0;
}
