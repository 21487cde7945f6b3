// SPDX-License-Identifier: Apache-2.0
// What the linked-in jansson meets in place of parts of the C library: see stand_ins.c. Nothing here is called by the core.
#ifndef VALUATION_STAND_INS_H
#define VALUATION_STAND_INS_H
#endif
