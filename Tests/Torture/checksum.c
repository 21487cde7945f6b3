/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints the checksum of standard input as manifests have it: XXH3 with 128 bits, in hexadecimal digits.
 */
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

int main(void) {
    static char bytes[1 << 20];
    size_t count = fread(bytes, 1, sizeof bytes, stdin);
    XXH128_hash_t sum = XXH3_128bits(bytes, count);
    printf("%016llx%016llx\n", (unsigned long long)sum.high64, (unsigned long long)sum.low64);
    return count < sizeof bytes ? 0 : 1;
}
