/* SPDX-License-Identifier: Apache-2.0
 *
 * Publishes models as a release.
 *
 *     publish MODELS ROOT ID
 */
#include "expect.h"

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = arguments[3];
    publishing.id_length = strlen(arguments[3]);
    REQUIRE_OK(
        valuation_publish(arguments[1], strlen(arguments[1]), arguments[2], strlen(arguments[2]), &publishing, NULL, NULL));
    return 0;
}
