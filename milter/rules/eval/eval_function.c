/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_function.h"

bool eval_is_between(const struct eval_argument *min, const struct eval_argument *max,
                     double value)
{
    return (min->is_open || value >= min->number) &&
           (max->is_open || value < max->number);
}

bool eval_is_within(const struct eval_argument *min, const struct eval_argument *max,
                    double value)
{
    return (min->is_open || value > min->number) &&
           (max->is_open || value <= max->number);
}

bool eval_compare(const struct eval_argument *argument, double value)
{
    switch (argument->comparison) {
    case EVAL_LESS:
        return value < argument->number;
    case EVAL_LESS_EQUAL:
        return value <= argument->number;
    case EVAL_MORE:
        return value > argument->number;
    case EVAL_MORE_EQUAL:
        return value >= argument->number;
    case EVAL_EQUAL:
        return value == argument->number;
    case EVAL_NOT_EQUAL:
        return value != argument->number;
    default:
        return false;
    }
}
