/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the process of the command begins. Swift looks its arguments up in front of the environment or under /proc. It finds
 * none where a constructor of a preloaded library has moved the environment, or where there is no /proc; C is handed them.
 */
int valuation_command(int argument_count, char **arguments);

int main(int argument_count, char **arguments) {
    return valuation_command(argument_count, arguments);
}
