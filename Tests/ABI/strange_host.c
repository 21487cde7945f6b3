/* SPDX-License-Identifier: Apache-2.0
 *
 * A host that links json-c, whose functions have the same names as jansson's, and that has functions of its own under
 * other names the library uses. The library calls none of them and takes nothing away from the host.
 *
 *     strange_host MODELS REFUSED RELEASES
 *
 * RELEASES is a directory that does not exist yet. Prints nothing.
 */
#include <json-c/json.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "impression.h"
#include "strangers.h"

#define TEXT(text) (text), strlen(text)

enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };

int main(int argument_count, char **arguments) {
    static impression scored;
    static valuation_value first[CANDIDATE_COUNT], second[CANDIDATE_COUNT];
    if (argument_count != 4) return 2;
    json_object *object = json_tokener_parse("{\"a\": [1, 2], \"b\": \"text\"}");
    json_object *held = json_object_get(object);

    strangers_called = 0;
    valuation_error error = VALUATION_ERROR_INIT;
    make_impression(&scored, NULL);
    valuation_engine *engine = serving(arguments[1]);
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, first);
    EXPECT(valuation_engine_load(engine, TEXT(arguments[2]), &error) != VALUATION_OK);
    REQUIRE_OK(valuation_publish(TEXT(arguments[1]), TEXT(arguments[3]), NULL, NULL, &error));
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    engine = serving(arguments[3]);
    scorer = scorer_of(engine);
    make_impression(&scored, engine);
    score(scorer, &scored, second);
    EXPECT(same_values(first, second, CANDIDATE_COUNT));
#ifdef __SSE2__
    /* As in a host that is compiled with -ffast-math. */
    unsigned int control = _mm_getcsr();
    _mm_setcsr(control | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    REQUIRE_OK(valuation_engine_load(engine, TEXT(arguments[1]), &error));
    score(scorer, &scored, second);
    _mm_setcsr(control);
    EXPECT(same_values(first, second, CANDIDATE_COUNT));
#endif
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    EXPECT(strangers_called == 0);

    EXPECT(strcmp(json_object_to_json_string(held), "{ \"a\": [ 1, 2 ], \"b\": \"text\" }") == 0);
    EXPECT(json_object_put(held) == 0);
    EXPECT(json_object_put(object) == 1);
    FINISH();
}
