/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints the impression's values, one candidate a line: expected revenue, pCTR, pCVR, flags; numbers are exact to the
 * bit.
 *
 *     show_values MODELS [TIME_BUDGET_NS]
 */
#include <inttypes.h>

#include "impression.h"

int main(int argument_count, char **arguments) {
    impression scored;
    valuation_value values[CANDIDATE_COUNT];
    valuation_engine *engine = serving(arguments[1]);
    valuation_scorer *scorer = scorer_of(engine);
    make_impression(&scored, NULL);
    if (argument_count > 2) scored.request.time_budget_ns = strtoull(arguments[2], NULL, 10);
    score(scorer, &scored, values);
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        printf("%a %a %a %" PRIu32 "\n", values[i].expected_revenue, (double)values[i].pctr, (double)values[i].pcvr,
               values[i].flags);
    }
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
