/* SPDX-License-Identifier: Apache-2.0
 *
 * valuation.h - what each candidate ad is worth for one impression.
 *
 * An ad server receives a request (slot, audience, context) and has N candidate ads for it. This library runs inside
 * the ad server's process and computes, in microseconds, the expected revenue of showing each of them:
 *
 *     CPM    bid / 1000
 *     CPC    bid x pCTR
 *     CPA    bid x pCTR x pCVR
 *
 *     pCTR = P(click = 1 | request, ad)       pCVR = P(conversion = 1 | request, ad, click = 1)
 *
 * Both probabilities come from sparse logistic regressions, one for each campaign and target, read from JSON
 * (Documentation/model-format.md).
 *
 * THE WHOLE LIBRARY IN ONE EXAMPLE
 *
 *     valuation_engine *engine;
 *     valuation_scorer *scorer;
 *     valuation_error error = VALUATION_ERROR_INIT;
 *     if (valuation_engine_create(NULL, &engine, &error) != VALUATION_OK ||
 *         valuation_engine_load(engine, "models", 6, &error) != VALUATION_OK ||
 *         valuation_scorer_create(engine, &scorer, &error) != VALUATION_OK) {
 *         fprintf(stderr, "%s:%u %s: %s\n", error.file, error.line, error.json_path, error.message);
 *         return 1;
 *     }
 *     valuation_feature slot = {valuation_feature_key(engine, "slot", 4, "12", 2), 1.0};
 *     valuation_request request = VALUATION_REQUEST_INIT;
 *     request.features = &slot;
 *     request.feature_count = 1;
 *     valuation_candidate ad = {valuation_campaign_key(engine, "1042", 4), NULL, 0, VALUATION_PRICING_CPC, 0.50};
 *     valuation_value value;
 *     valuation_score(scorer, &request, &ad, 1, &value, NULL, &error);
 *     printf("%.6f per impression\n", value.expected_revenue);
 *     valuation_scorer_destroy(scorer);
 *     valuation_engine_destroy(engine);
 *
 * CONVENTIONS
 *
 * Threads. Each declaration names one of three rules. "Any thread": several threads may call it at once on the same
 * object. "One thread per object": calls on one object must not overlap; different objects are independent. It is one
 * call at a time, not one thread for ever: any thread may make the next call, if the host orders the two (a mutex, a
 * channel, a pool of objects). So goroutines, virtual threads and executors may move between threads as they like.
 * "Exclusive": no other call on the object may run at the same time.
 *
 * Lifetime. "Borrowed": the library reads it during the call and keeps nothing. "Owned until": the library owns what
 * it hands out, until the moment named. Handles belong to the caller until destroyed.
 *
 * Strings. A pointer and a length in bytes; UTF-8; no terminating NUL needed. The pointer may be NULL if the length
 * is 0.
 *
 * Errors. Every call that can fail returns a valuation_status. Its last parameter is NULL or points to the caller's
 * valuation_error, which is filled in when the call fails. There is no thread-local or global "last error".
 *
 * Growth. A struct that begins with struct_size has an _INIT macro; use it. New members are added only at the end. A
 * caller compiled against an older header passes a smaller size and gets the defaults of the newer members. A caller
 * compiled against a newer header may pass a larger size, as long as the bytes that the library does not know are
 * zero (in a valuation_error and a valuation_outcome they are left alone). Candidates and values come in arrays without
 * a struct_size. Each request says their sizes, candidate_size and value_size, so that they may grow, too. The other
 * structs never change. Functions are added, never altered.
 *
 * What the library leaves alone. It starts no thread, installs no signal handler and prints nothing. It neither reads
 * nor changes the locale and the environment, does not change the working directory, and keeps no file open after a
 * call. It calls nothing but the C library. Two engines in one process share nothing. Whatever the input, it never
 * ends the process.
 *
 * What the host must not do. Three things: call the library from a signal handler; leave a call other than by its
 * return (longjmp, a C++ exception out of a callback, asynchronous cancellation); call the library on a thread whose
 * floating-point unit does not round to nearest, or traps. The thread may flush denormal numbers to zero. They are
 * then zero in models, too: a rate below 1e-307 is refused, and a compiled file has other bytes for them.
 * pthread_cancel takes effect at the end of a call that reads or writes files; other calls have no cancellation
 * point.
 *
 * Fork. A child process may use its parent's engines and scorers, whatever the parent's other threads were doing at
 * the fork. It may score, load, refresh, prepare, commit, roll back, change the policy and publish, as far as malloc
 * works in a child (glibc's does). Neither process sees what the other one does. What the parent has prepared, the child
 * may commit, too. Exceptions: the child must not use a scorer that another thread was calling; it may destroy it, but
 * the scorer's memory stays allocated. What another thread's load had allocated so far stays allocated, too, descriptors
 * included. A handle that another thread was just creating or destroying is lost to the child. None of this holds before
 * Linux 4.14, which lacks MADV_WIPEONFORK: there, a child
 * that was forked while other threads were in a call must create its own engine and must not destroy its parent's.
 *
 * Limits. A request has at most 10,000 features, those that it shares with a batch included, an ad as many, and a request
 * 16 units. Arrays hold any number of candidates, a JSON request 1,000,000. An engine serves at most 1,000,000 models with
 * 1,000,000,000 labels and 4,294,967,294 weights, under a policy of at most 1,000 predictors, 10,000 rules and 16 releases.
 *
 * Stack. No call needs more than 48 kB of stack, whatever its input; scoring needs less than 16 kB.
 *
 * Money. All bids of one request are in one currency; values are in that currency, per impression.
 */
#ifndef VALUATION_H
#define VALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------
 * Versions
 *
 *     if (valuation_abi_version() != VALUATION_ABI_VERSION) { ... the wrong libvaluation.so was found ... }
 * ------------------------------------------------------------------------------------------------------------- */

/* The version of this header's release (semantic versioning). */
#define VALUATION_VERSION_MAJOR 0
#define VALUATION_VERSION_MINOR 1
#define VALUATION_VERSION_PATCH 0
#define VALUATION_VERSION "0.1.0"

/* The version of the binary interface: the number in the SONAME (libvaluation.so.1). */
#define VALUATION_ABI_VERSION 1

/* The version of the model format that this library reads: "valuation-model/1". */
#define VALUATION_MODEL_FORMAT_VERSION 1

/* The version of the compiled format that this library writes and maps: "valuation-compiled/4". */
#define VALUATION_COMPILED_FORMAT_VERSION 4

/* The version of the policy format that this library reads: "valuation-policy/1". */
#define VALUATION_POLICY_FORMAT_VERSION 1

/* The release of the loaded library, for example "0.1.0". NUL-terminated, static.
 * Any thread. O(1). Since 0.1. */
const char *valuation_version(void);

/* The ABI version of the loaded library. Any thread. O(1). Since 0.1. */
uint32_t valuation_abi_version(void);

/* One line that says how the library was built, for logs and bug reports, for example
 * "valuation 0.1.0, ABI 1, model format 1, compiled format 4, embedded, x86_64". NUL-terminated, static.
 * Any thread. O(1). Since 0.1. */
const char *valuation_build_info(void);

/* ---------------------------------------------------------------------------------------------------------------
 * Status and error
 *
 *     valuation_error error = VALUATION_ERROR_INIT;
 *     valuation_status status = valuation_engine_load(engine, path, strlen(path), &error);
 *     if (status != VALUATION_OK)
 *         log("%s: %s line %u, %s: %s", valuation_status_name(status), error.file, error.line, error.json_path,
 *             error.message);
 * ------------------------------------------------------------------------------------------------------------- */

/* The outcome of a call. The numbers never change, and a number is never reused. */
typedef int32_t valuation_status;
enum {
    VALUATION_OK = 0,
    VALUATION_ERROR_INVALID_ARGUMENT = 1, /* NULL where an object is needed, an impossible count or name */
    VALUATION_ERROR_STRUCT_SIZE = 2,      /* struct_size too small, or unknown trailing bytes not zero */
    VALUATION_ERROR_OUT_OF_MEMORY = 3,    /* nothing changed; the caller may retry */
    VALUATION_ERROR_FILE_NOT_FOUND = 4,   /* no such file or directory */
    VALUATION_ERROR_READ_FAILED = 5,      /* permission, I/O error, neither file nor directory */
    VALUATION_ERROR_GZIP = 6,             /* not gzip, truncated, or its checksum does not match */
    VALUATION_ERROR_JSON_SYNTAX = 7,      /* not JSON or not UTF-8; line and column say where */
    VALUATION_ERROR_DUPLICATE_KEY = 8,    /* one JSON object names a member twice */
    VALUATION_ERROR_FORMAT = 9,           /* "format" is not one that this library reads */
    VALUATION_ERROR_INVALID_VALUE = 10,   /* missing, of the wrong type or out of range; json_path says which */
    VALUATION_ERROR_NON_FINITE = 11,      /* a number beyond a double, or an integer beyond 64 bits */
    VALUATION_ERROR_DUPLICATE_MODEL = 12, /* two models for one campaign and target */
    VALUATION_ERROR_UNKNOWN_MODEL = 13,   /* "extends" names a model that does not exist, a cycle, or is too deep */
    VALUATION_ERROR_KEY_COLLISION = 14,   /* two different labels have one key */
    VALUATION_ERROR_SELF_TEST = 15,       /* a model does not reproduce one of its own examples */
    VALUATION_ERROR_LIMIT_EXCEEDED = 16,  /* size, depth or count above a documented limit */
    VALUATION_ERROR_NOTHING_LOADED = 17,  /* scoring before a load, or a load that holds no model */
    VALUATION_ERROR_CHECKSUM = 18,        /* a release's file or a compiled file is not as it was published */
    VALUATION_ERROR_WRITE_FAILED = 19,    /* disk full, permission, I/O error; nothing that existed was changed, or
                                             the message says what */
    VALUATION_ERROR_UNKNOWN_RELEASE = 20, /* no release of that id, or no LATEST, so that none serves yet */
    VALUATION_ERROR_RELEASE_EXISTS = 21,  /* a release of that id exists already */
    VALUATION_ERROR_BUSY = 22,            /* another process is publishing or pruning in that directory */
    VALUATION_ERROR_SECRET = 23,          /* keys under another secret than the engine's, or SECRET is malformed */
    /* Ordinary states of an engine, which a host meets without having done anything wrong. */
    VALUATION_ERROR_NO_PREVIOUS = 24,        /* going back, but nothing served before, or it was not kept */
    VALUATION_ERROR_NOTHING_FOLLOWED = 25,   /* following, or finding a release, before a directory of releases was
                                                loaded */
    VALUATION_ERROR_NOTHING_PREPARED = 26,   /* committing, but nothing is prepared */
    VALUATION_ERROR_STALE = 27,              /* committing, but the engine has changed since that was prepared */
    VALUATION_ERROR_NOT_COMPILED = 28,       /* an index would have to be built; VALUATION_SWITCH_COMPILED_ONLY forbids it */
    VALUATION_ERROR_UNKNOWN_GENERATION = 29, /* the engine never had that generation, or has forgotten it */
    VALUATION_ERROR_UNKNOWN_SOURCE = 30,     /* no predictor of that generation has that number */
    VALUATION_ERROR_NO_POLICY = 31           /* asking what a policy decides, but none is loaded */
};

/* The name of a status, for example "VALUATION_ERROR_GZIP"; "VALUATION_ERROR_UNKNOWN" for a number that this library
 * does not know. NUL-terminated, static. Any thread. O(1). Since 0.1. */
const char *valuation_status_name(valuation_status status);

/* Where a call failed, why, and what to do. Owned by the caller, reusable, may live on the stack (about 2 KB).
 * When a call fails, every member is set. When it succeeds, status becomes VALUATION_OK and the rest is left as it
 * was. Texts are UTF-8 and NUL-terminated; one that does not fit is cut between two characters. */
typedef struct valuation_error {
    uint32_t struct_size;    /* set by VALUATION_ERROR_INIT */
    valuation_status status; /* what the call returned */
    uint32_t line;           /* 1-based line in the file or text, 0 if there is none */
    uint32_t column;         /* 1-based byte in that line, 0 if unknown */
    char file[512];          /* path of the file concerned (the end of a longer path), or "" */
    char json_path[256];     /* for example $.categorical.slot["12"], or "" */
    char message[1024];      /* one sentence: what is wrong and what to do */
} valuation_error;

#define VALUATION_ERROR_INIT {(uint32_t)sizeof(valuation_error), VALUATION_OK, 0, 0, {0}, {0}, {0}}

/* ---------------------------------------------------------------------------------------------------------------
 * Engine: the loaded models
 *
 * Create one for each process. Load models into it at any time. The old models serve until the new ones have been
 * read, checked and self-tested; then the new ones replace them all at once.
 *
 *     valuation_engine_load(engine, "models", 6, &error);      // once: the release that models/LATEST names
 *     for (;;) {                                               // in a thread of the host that may wait
 *         bool changed;
 *         if (valuation_engine_refresh(engine, &changed, &error) != VALUATION_OK) log(error.message);
 *         sleep(1);
 *     }
 *
 * A host that scores in an event loop, and wants new models between two of its events, takes the refresh apart:
 *
 *     bool ready;
 *     valuation_engine_prepare(engine, &ready, &error);        // in a thread that may wait, each second
 *     if (ready) post(loop, valuation_engine_commit);          // in the event loop: microseconds
 *
 * Generations. Each change of what serves (a load, a refresh or commit, going back, another policy or none) begins a
 * generation. They are numbered from 1, in each engine and process for itself. valuation_engine_find_generation says
 * which models and which policy a number stands for.
 *
 * After a change, the first call of each scorer reads the new models into the processor's caches, and maps the pages
 * that it touches if the process has not touched them: with 200 candidates of 1,000 campaigns it takes 1.6 times as long as
 * later calls where the system has the file in memory, and up to 6 times was seen on another machine.
 * It also grows the scorer's scratch space if there are more models than ever before. Nothing else is slower, and no
 * call waits.
 *
 * Several processes. An engine belongs to one process. In a server that forks workers, each worker refreshes its own
 * engine, and going back in one of them concerns this one alone: change LATEST (valuation_releases_select) for all.
 * Workers that inherit a loaded engine share its memory, built or mapped, until each of them loads something else.
 * ------------------------------------------------------------------------------------------------------------- */

typedef struct valuation_engine valuation_engine;

/* A text that a call hands out: see "Reports" below. */
typedef struct valuation_report valuation_report;

/* How an engine behaves. Wherever a pointer to it is expected, NULL means VALUATION_OPTIONS_INIT. */
typedef struct valuation_options {
    uint32_t struct_size;         /* set by VALUATION_OPTIONS_INIT */
    uint32_t switches;            /* any of valuation_switches, 0 for none */
    uint64_t maximum_input_bytes; /* most bytes of model files, after unpacking, that one load may read;
                                     0 = 16 GiB. Compiled files do not count */
} valuation_options;

/* Switches that change an engine's defaults. */
enum {
    /* Check nothing of a compiled file but its header of 4,096 bytes: neither the checksum nor the references inside.
     * Opening a file then takes the same time whatever its size, and reads only what scoring needs. The library trusts
     * the file as it trusts the process's own memory: a damaged or forged file may end the process, or make it read and
     * write memory that is not the library's. Use this only for files that nobody but the host can have written, and
     * that the host has checked itself. */
    VALUATION_SWITCH_TRUST_COMPILED = 1 << 0,
    /* Free the previous models as soon as nobody reads them, instead of keeping them for valuation_engine_roll_back. */
    VALUATION_SWITCH_FORGET_PREVIOUS = 1 << 1,
    /* Copy compiled files into the process's own memory instead of mapping them. Then nothing that happens later to the
     * file or its disk has an effect, but processes that load the same file no longer share it. Without this switch, a
     * mapped page that the system dropped for lack of memory is read again when it is needed, and the process ends
     * (SIGBUS) if the disk fails at that moment. */
    VALUATION_SWITCH_COPY_COMPILED = 1 << 2,
    /* Map compiled files and build no index: a release or model files that would have to be built are refused
     * (NOT_COMPILED), also those that a policy names. Opening models then takes milliseconds, whatever is published. */
    VALUATION_SWITCH_COMPILED_ONLY = 1 << 6,
    /* Score with the vector instructions of one set, instead of the best set that the machine has: those that every
     * machine of its architecture has, AVX2 (with BMI1, BMI2, POPCNT), or AVX-512 (F, BW, DQ and VL). At most one of these may
     * be set. Values have the same bits with each. valuation_engine_create fails with INVALID_ARGUMENT if the machine lacks the
     * set. Loading replays the models' self-tests with the best set nevertheless. */
    VALUATION_SWITCH_USE_BASELINE = 1 << 3,
    VALUATION_SWITCH_USE_AVX2 = 1 << 4,
    VALUATION_SWITCH_USE_AVX512 = 1 << 5
};

#define VALUATION_OPTIONS_INIT {(uint32_t)sizeof(valuation_options), 0, 0}

/* Creates an engine with nothing loaded.
 * options     borrowed; NULL for the defaults
 * engine_out  receives the handle, or NULL on failure
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, OUT_OF_MEMORY. Any thread. O(1). Since 0.1. */
valuation_status valuation_engine_create(const valuation_options *options, valuation_engine **engine_out,
                                         valuation_error *error);

/* Destroys the handle. The models stay in memory until the last scorer of this engine is destroyed, so engine and
 * scorers may be destroyed in any order, and scorers may be in calls meanwhile. No other call may have this handle, not
 * even one that computes a key: end the threads that refresh, prepare and watch first. Whoever destroys the last of engine
 * and scorers frees the models. NULL is allowed. Exclusive. Since 0.1. */
void valuation_engine_destroy(valuation_engine *engine);

/* Loads all models at path and, if every check passes, replaces the engine's models by them.
 * path  borrowed; one of
 *       - a model file (.json, .json.gz, .jsonl, .jsonl.gz);
 *       - a directory of model files, all of which are read in the order of their names. Names that begin with a dot
 *         are skipped, and subdirectories are not entered;
 *       - a release: a directory with manifest.json (Documentation/releases.md). Its compiled file is mapped if it has
 *         one that this library can read; otherwise its model files are read. Whatever is read is checked against the
 *         manifest's checksums;
 *       - a directory of releases, with LATEST, which names the one to load. The engine remembers this path, as given,
 *         for valuation_engine_refresh and valuation_engine_roll_back;
 *       - a compiled file (.valuation). One that belongs to a directory of releases needs that directory's SECRET
 *         beside it, or an engine that has loaded the directory before.
 *
 * Each model's self-test runs through the code that serves (for a compiled file, it ran at compilation). If anything
 * is wrong, the call fails, nothing changes, and the old models go on serving. Scorers use the new models from their
 * next call on; calls under way finish on the old ones. A release that serves already is left as it is. The engine
 * keeps the previous models for valuation_engine_roll_back. This call frees those from before them, after their last
 * reader has left.
 *
 * If the first load of an engine fails, and path is a directory of releases, an empty directory, or nothing at all, the
 * engine follows path nevertheless: valuation_engine_refresh loads the models once they are there and sound.
 *
 * Do not write to a mapped file while it serves. Publishing and pruning never do: a file is written under another
 * name, and removing one does no harm.
 *
 * Errors: of reading models, releases and compiled files; NOTHING_LOADED if path holds no model; UNKNOWN_RELEASE if a
 * directory of releases has no LATEST, or LATEST names none that exists.
 *
 * Any thread; concurrent loads of one engine queue up, and scoring never waits. O(bytes read + weights). Besides the
 * old indexes, a load holds less than twice the new index if labels have many weights (otherwise up to 130 bytes a
 * label), and one document at a time (two while it names labels that collide). A compiled file costs O(bytes) at the
 * speed of memory, and all processes that map it share the memory. Since 0.1. */
valuation_status valuation_engine_load(valuation_engine *engine, const char *path, size_t path_length, valuation_error *error);

/* Loads what has changed since the last call. First the policy (see valuation_engine_load_policy), if its file was
 * replaced. Then the release that LATEST names, in the directory of releases last loaded, if that is not the release
 * last loaded from there, or if that release was published anew under its id. Both begin one generation.
 * changed_out  receives whether another policy or other models serve now, on failure, too; may be NULL
 *
 * After valuation_engine_roll_back, the release that was rolled back is not loaded again; one published later is. A
 * release whose files are those of models in memory reuses their index without reading the files
 * (valuation_engine_describe says so).
 *
 * Errors: as valuation_engine_load and valuation_engine_load_policy. What served goes on serving, and the next call
 * tries again. A release that was refused for the contents of its files is refused with the same message, without
 * being read, until one of the files changes; one that could not be read is tried on each call. A policy that cannot
 * be loaded does not prevent a release from being loaded, nor the other way round; the first failure is reported.
 * NOTHING_FOLLOWED if neither a directory of releases nor a policy was loaded.
 *
 * Any thread that may wait, so not the one of an event loop: the calling thread opens the release and frees old models.
 * That takes milliseconds if the release has a compiled file, and as long as valuation_engine_load, often seconds, if it
 * has none. Scoring on other threads goes on meanwhile. While nothing changes, the cost is one stat(2) for the policy
 * and one for LATEST; for a second or two after a change, policy, LATEST and manifest are read. Otherwise the cost is
 * that of the calls named above. Since 0.1. */
valuation_status valuation_engine_refresh(valuation_engine *engine, bool *changed_out, valuation_error *error);

/* Does the slow part of valuation_engine_refresh: reads, checks and maps or builds what has changed, and holds it in the
 * engine until valuation_engine_commit. The live models go on serving.
 * ready_out  receives whether anything is prepared, on failure, too; may be NULL
 *
 * What is prepared already and is still what LATEST and the policy's file say is kept as it is; otherwise what is new
 * replaces it. So call it as regularly as one would call refresh, whether or not something was committed. It takes the
 * memory of a further set of models while something is prepared, and from a commit to the next call of this, of refresh or
 * of load, which frees what the commit replaced.
 *
 * Errors, threads, cost: as valuation_engine_refresh. Since 0.1. */
valuation_status valuation_engine_prepare(valuation_engine *engine, bool *ready_out, valuation_error *error);

/* Puts what valuation_engine_prepare has prepared into service: for the thread of an event loop. It reads no file,
 * allocates and frees nothing, and does not wait for a load, a refresh or a prepare under way on another thread.
 *
 * Errors: NOTHING_PREPARED if nothing is prepared. STALE if the engine has been changed by another call since (a load,
 * refresh, policy or going back); what was prepared is then dropped, what serves goes on serving, and the next prepare
 * prepares whatever is missing. SECRET if a key was asked for after preparing the engine's first models, which are under
 * another secret. Any thread. O(1): about a microsecond (Documentation/releases.md has figures). Since 0.1. */
valuation_status valuation_engine_commit(valuation_engine *engine, valuation_error *error);

/* Goes back to models that served before, under the present policy.
 * id  borrowed; NULL and 0 for the models that served before the present ones, whatever they were loaded from;
 *     otherwise the id of a release, which is loaded from the directory of releases unless it is in memory
 *
 * LATEST does not change, because it concerns all processes; see valuation_releases_select.
 *
 * Errors: NO_PREVIOUS if there is nothing to go back to; UNKNOWN_RELEASE if there is no such release; NOTHING_FOLLOWED if
 * it is not in memory and no directory of releases was loaded; for a release that is not in memory, as
 * valuation_engine_load. Nothing changes then. Any thread.
 *
 * Going back to the previous models reads no file and does not wait for a load, refresh or prepare under way on another
 * thread; a load that ends later puts its own models into service. It is O(1) without a policy, and O(policy + campaigns)
 * with one. Like a commit, it frees nothing: the next load, refresh or prepare does. Otherwise as valuation_engine_load.
 * Since 0.1. */
valuation_status valuation_engine_roll_back(valuation_engine *engine, const char *id, size_t id_length, valuation_error *error);

/* How an engine is, for those who watch it. Times are milliseconds since 1970, 0 for none. Texts are NUL-terminated, ""
 * for none, and cut between two characters if they do not fit. */
typedef struct valuation_engine_state {
    uint32_t struct_size;       /* set by VALUATION_ENGINE_STATE_INIT */
    bool is_mapped;             /* whether the models are a mapped (or copied) compiled file, not built in this process */
    bool is_prepared;           /* whether valuation_engine_commit would put something into service */
    uint64_t generation;        /* what serves; 0 if nothing is loaded */
    int64_t loaded_at_ms;       /* when it was put into service */
    int64_t latest_replaced_ms; /* when the LATEST that the engine follows was replaced; one that was refused, or is only
                                   prepared, does not count */
    uint64_t models;            /* of LATEST, including priors and observed rates that stand in for models */
    uint64_t index_bytes;       /* of the indexes that score: that of LATEST, and those of the releases that the policy names */
    int64_t refreshed_at_ms;    /* the last load, refresh or prepare */
    uint64_t refresh_failures;  /* how many of these failed since one succeeded */
    valuation_status refresh_status;
    char refresh_message[256]; /* the message of the failure */
    char release[68];          /* the id of the release that serves */
    char previous[68];         /* that of the release that valuation_engine_roll_back goes back to */
    char held_back[68];        /* the release that LATEST names and refresh skips: it was rolled back, or something else
                                  was loaded since */
    char policy_version[256];
} valuation_engine_state;

#define VALUATION_ENGINE_STATE_INIT \
    {(uint32_t)sizeof(valuation_engine_state), false, false, 0, 0, 0, 0, 0, 0, 0, 0, {0}, {0}, {0}, {0}, {0}}

/* Says how the engine is.
 * state_out  its members after struct_size are filled in
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE. Any thread. O(releases of the policy): about a microsecond. It opens nothing,
 * allocates nothing, and does not wait for a load. Since 0.1. */
valuation_status valuation_engine_read_state(const valuation_engine *engine, valuation_engine_state *state_out,
                                             valuation_error *error);

/* Describes what serves:
 *   "generation" its number
 *   "source"     the path
 *   "release"    its id and time; null if it is not a release
 *   "compiled"   whether it is mapped
 *   "reused"     whether it was in memory already
 *   "previous"   what valuation_engine_roll_back goes back to
 *   "held_back"  the release that refresh skips
 *   "policy"     its file, version and the releases it names, or null
 * then totals (models, weights including those of 0, labels, bytes) and each model (campaign, target, extends, version,
 * intercept, sampling rate, numbers of weights and variances, what its training reported). A release's prior counts as a
 * model of campaign "*", and an observed rate that stands in for a model as one of its campaign; both have "prior" true.
 * report_out  receives the text: see "Reports" below
 * Errors: INVALID_ARGUMENT, NOTHING_LOADED, OUT_OF_MEMORY. Any thread. O(models). Since 0.1. */
valuation_status valuation_engine_describe(const valuation_engine *engine, valuation_report **report_out,
                                           valuation_error *error);

/* What a generation stands for. Texts as in valuation_engine_state. */
typedef struct valuation_generation {
    uint32_t struct_size; /* set by VALUATION_GENERATION_INIT */
    uint64_t generation;
    int64_t time_ms;          /* when it was put into service, in milliseconds since 1970 */
    char release[68];         /* the id of the release that LATEST stood for; "" if the models were no release */
    char models_digest[36];   /* the checksum at the end of the release's manifest; of a lone compiled file, that of its
                                 index; "" for model files */
    char policy_version[256]; /* "" without a policy, and if it has none */
    char policy_digest[36];   /* the checksum of the policy's file, as xxh128sum prints it; "" without a policy */
    char path[512];           /* where the models were loaded from (the end of a longer path) */
} valuation_generation;

#define VALUATION_GENERATION_INIT {(uint32_t)sizeof(valuation_generation), 0, 0, {0}, {0}, {0}, {0}, {0}}

/* Says what a generation stands for.
 * generation      0 for the one that serves
 * generation_out  its members after struct_size are filled in
 * The last 64 generations are known, and older ones as long as their models are in memory, so those of calls under way are.
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, UNKNOWN_GENERATION; NOTHING_LOADED for 0 before a load. Any thread. O(generations
 * known): about a microsecond. No allocation. Since 0.1. */
valuation_status valuation_engine_find_generation(const valuation_engine *engine, uint64_t generation,
                                                  valuation_generation *generation_out, valuation_error *error);

/* Called by valuation_validate for each problem. The problem is borrowed and valid during the call. Its status is
 * VALUATION_OK for a warning, which does not prevent models from being loaded. Return true to receive further
 * problems. */
typedef bool (*valuation_problem_callback)(void *context, const valuation_error *problem);

/* Finds every problem of the models at path (as valuation_engine_load takes it), not only the first, and loads
 * nothing. A document with a problem is left out of the checks that need the whole set (extends, self-tests).
 * callback  called on the calling thread for each problem in the order found, then for each warning (a model without a
 *           self-test), before this call returns; may be NULL
 * context   passed to callback unchanged
 * Returns VALUATION_OK if there are no problems except warnings; otherwise the status of the first problem, which
 * error describes. Errors: as valuation_engine_load. Any thread. Cost as valuation_engine_load. Since 0.1. */
valuation_status valuation_validate(const char *path, size_t path_length, const valuation_options *options,
                                    valuation_problem_callback callback, void *context, valuation_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Keys: the names of features and campaigns as 64-bit numbers
 *
 *     uint64_t ios = valuation_feature_key(engine, "os", 2, "ios", 3);
 *     uint64_t age = valuation_number_key(engine, "age", 3);
 *
 * A key is a keyed hash of the text, below 2^61. The hash uses the 256-bit secret of the directory of releases that
 * the engine loaded (its file SECRET, which the first publish creates). Therefore someone who can choose texts, for
 * example a creative's name, can neither aim at the key of another text nor make two keys collide: two texts of n
 * bytes in all have the same key with a probability of at most (n / 7 + 4) / 2^61. Documentation/keys.md has the
 * function, for hosts that compute keys themselves, and test vectors.
 *
 * An engine keeps the secret of the first models that it loads for its whole life. Keys may therefore be computed once
 * for the whole inventory, and stay valid whatever the engine loads later; it refuses models under another secret
 * (VALUATION_ERROR_SECRET). Load first. An engine that is asked for a key before anything is loaded keeps the standard
 * secret; so does one whose first models are in no directory of releases. The standard secret is public: it is in
 * Documentation/keys.md. A NULL engine stands for it, too. Keys mean nothing to engines with another secret, and one
 * key of a known text gives the secret away: log texts, not keys.
 *
 * Key functions: any thread, no allocation, O(length), cannot fail.
 * ------------------------------------------------------------------------------------------------------------- */

/* The key of a category: a value of a field. A field's name is not empty and contains no '='. Since 0.1. */
uint64_t valuation_feature_key(const valuation_engine *engine, const char *field, size_t field_length, const char *value,
                               size_t value_length);

/* The key of a number, which is the key of its field. Since 0.1. */
uint64_t valuation_number_key(const valuation_engine *engine, const char *field, size_t field_length);

/* The key of a campaign. "*" is the default model's. Since 0.1. */
uint64_t valuation_campaign_key(const valuation_engine *engine, const char *id, size_t id_length);

/* The key of a cross (two categories that occur together), made of their keys in either order. Only the lowest 61 bits
 * of each number are used. The engine itself forms the crosses that its models know from the features of request and
 * ad; do not pass a cross as a feature. Since 0.1. */
uint64_t valuation_cross_key(const valuation_engine *engine, uint64_t first, uint64_t second);

/* FarmHash's Fingerprint64 of a text, the same as BigQuery's FARM_FINGERPRINT (which shows it as a signed number). It
 * is not a key: seeds, buckets and sources are made of it, so that analysts can compute them in SQL. Since 0.1. */
uint64_t valuation_fingerprint(const char *text, size_t length);

/* ---------------------------------------------------------------------------------------------------------------
 * Scoring
 *
 * Create one scorer for each thread. It holds the scratch space, so that scoring allocates nothing, takes no lock and
 * writes no memory that another thread writes.
 * ------------------------------------------------------------------------------------------------------------- */

typedef struct valuation_scorer valuation_scorer;

/* Creates a scorer: one for each thread, or one for each call that may be under way at the same time. An engine may have
 * any number of them, and nothing needs to be loaded yet.
 *
 * A scorer takes about 80 kB and 20 bytes for each model: 100 kB for 500 campaigns with two models each, 880 kB for
 * 20,000 (and 2 MB of address space that is not touched). A policy adds as much for each further release that it names,
 * and 60 bytes for each model if it explores. JSON requests and propensities add what the largest request needs. Creating
 * one takes some 35 microseconds and 8 nanoseconds for each model (30 if the policy explores), so create it once and keep
 * it.
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, OUT_OF_MEMORY. Any thread. O(models) time and memory. Since 0.1. */
valuation_status valuation_scorer_create(valuation_engine *engine, valuation_scorer **scorer_out, valuation_error *error);

/* Destroys the scorer and every text that it handed out. NULL is allowed. Exclusive. O(1), however many scorers there
 * are. Since 0.1. */
void valuation_scorer_destroy(valuation_scorer *scorer);

/* A feature of the request or of an ad: 16 bytes.
 * A category is its key and any number (1.0 by convention): it is present or not. A number is its field's key and its
 * value. A feature given twice counts twice. A key that no model has a weight for adds nothing. This is normal, because
 * L1 regularisation drops most labels; valuation_outcome counts such features. */
typedef struct valuation_feature {
    uint64_t key;  /* valuation_feature_key or valuation_number_key */
    double number; /* the value of a number; ignored for a category */
} valuation_feature;

/* What experiments assign to buckets, for example field "user", text "u-77". */
typedef struct valuation_unit {
    const char *field; /* borrowed */
    size_t field_length;
    const char *text; /* borrowed; a unit without text counts as absent */
    size_t text_length;
} valuation_unit;

/* What the ads compete for: one impression. The members from `units` on are for a policy; without one they are ignored.
 */
typedef struct valuation_request {
    uint32_t struct_size;    /* set by VALUATION_REQUEST_INIT, as are the sizes of a valuation_candidate and of a */
    uint32_t candidate_size; /* valuation_value: those with which the caller was compiled. This library takes its own */
    uint32_t value_size;     /* (32 and 24) and no others; later ones will take these, too */
    uint32_t feature_count;  /* at most 10,000 */
    const valuation_feature *features; /* borrowed; slot, audience, context; NULL if feature_count is 0 */
    uint64_t time_budget_ns;           /* nanoseconds; 0 = none; see "Time budgets" below */
    const valuation_unit *units;       /* borrowed; if two have one field, the first counts; NULL if unit_count is 0 */
    uint64_t unit_count;               /* at most 16 */
    uint64_t seed; /* for predictors that explore: the same seed draws the same values, so give each impression its own;
                      0 = made from the features' keys and numbers */
    int64_t time;  /* seconds since 1970, with which starts, ends and expiries are compared; 0 = now */
} valuation_request;

/* Time budgets. The time starts with the call; in valuation_score_batch, with the request's turn; in JSON calls, once
 * the text is read, and printing or explaining does not count. The clock is read after every 64 steps of work (a
 * feature, a cross, or one ad's worth in one draw), after some 2,000 lookups of a feature for a candidate, or after one
 * feature's weights for all models, depending on how the request is scored. That is every few microseconds, or two
 * nanoseconds a model if that is more.
 *
 * Candidates that are not reached in time have VALUATION_FLAG_BUDGET_EXCEEDED. Each of them still goes through the
 * policy, is adjusted and written, and gets its prior. This takes about 100 nanoseconds for each candidate and each
 * release that values it, plus the cost of the policy's decisions (see valuation_engine_load_policy): by so much, and by
 * the few microseconds between two reads of the clock, a call may exceed its budget. For 1,000 ads that is about 100
 * microseconds; a host that must answer sooner offers fewer candidates. The budget does not bind the first call after a
 * load, which grows the scratch space. */

#define VALUATION_REQUEST_INIT              \
    {(uint32_t)sizeof(valuation_request),   \
     (uint32_t)sizeof(valuation_candidate), \
     (uint32_t)sizeof(valuation_value),     \
     0,                                     \
     NULL,                                  \
     0,                                     \
     NULL,                                  \
     0,                                     \
     0,                                     \
     0}

/* What the advertiser pays for. */
typedef int32_t valuation_pricing;
enum {
    VALUATION_PRICING_CPM = 1, /* bid per thousand impressions */
    VALUATION_PRICING_CPC = 2, /* bid per click */
    VALUATION_PRICING_CPA = 3  /* bid per conversion */
};

/* An ad that may be shown for the request: 32 bytes. */
typedef struct valuation_candidate {
    uint64_t campaign;                 /* valuation_campaign_key */
    const valuation_feature *features; /* borrowed; of the ad itself, for example its creative; NULL if feature_count is 0 */
    uint32_t feature_count;            /* at most 10,000 */
    valuation_pricing pricing;
    double bid; /* finite, not negative */
} valuation_candidate;

/* What is unusual about a value. Several flags may be set. New bits may be added. */
typedef uint32_t valuation_flags;
enum {
    /* The models. A campaign without a model of its own is valued by the model of campaign "*", or else by a release's prior.
     */
    VALUATION_FLAG_UNKNOWN_CAMPAIGN = 1 << 0,         /* neither a click nor a conversion model of its own */
    VALUATION_FLAG_DEFAULT_CLICK_MODEL = 1 << 1,      /* pctr is from the model of "*" */
    VALUATION_FLAG_DEFAULT_CONVERSION_MODEL = 1 << 2, /* pcvr is from the model of "*" */
    VALUATION_FLAG_NO_CLICK_MODEL = 1 << 3,           /* pctr is NaN, CPC and CPA are worth 0 */
    VALUATION_FLAG_NO_CONVERSION_MODEL = 1 << 4,      /* pcvr is NaN, CPA is worth 0; set for CPA candidates alone */
    /* The features. A flagged feature adds nothing; the others count. Flags of the request's features are on all values.
     * A feature that no model has a weight for is ordinary and sets none: valuation_outcome counts it. 1 << 5 is no flag. */
    VALUATION_FLAG_UNKNOWN_FIELD = 1 << 6,  /* JSON calls: a field that no model knows; often a misspelt name */
    VALUATION_FLAG_WRONG_TYPE = 1 << 7,     /* JSON calls: text for a number's field, or an object or a nested array */
    VALUATION_FLAG_INVALID_NUMBER = 1 << 8, /* the number is NaN or infinite */
    /* The candidate. It is worth 0; the others are scored. */
    VALUATION_FLAG_INVALID_BID = 1 << 9,        /* NaN, infinite or negative */
    VALUATION_FLAG_INVALID_CANDIDATE = 1 << 10, /* unknown pricing, features NULL or too many, malformed in JSON */
    /* The computation. */
    VALUATION_FLAG_CLAMPED = 1 << 11,         /* a logit beyond -80 ... 80 was clamped. One number may move a logit by
                                                 262,144; beyond that, the probability is 0 or 1, whatever the
                                                 other features say */
    VALUATION_FLAG_BUDGET_EXCEEDED = 1 << 12, /* the time was up: probabilities are the model's prior (its training base
                                                 rate, or else what its intercept says), or, if they were to be drawn,
                                                 the most likely ones. Features that were not reached are not flagged */
    /* The release. Neither the campaign nor "*" has a model: the probability is the campaign's observed rate in the
     * release, shrunk towards the rate of its advertiser's other campaigns and the overall rate, or the overall rate
     * alone. */
    VALUATION_FLAG_CLICK_PRIOR = 1 << 13,
    VALUATION_FLAG_CONVERSION_PRIOR = 1 << 14,
    /* The campaign has no model for this target. Its document, or its model for the other target, names a campaign that
     * it extends: the probability is from that one's model. */
    VALUATION_FLAG_BASE_CLICK_MODEL = 1 << 15,
    VALUATION_FLAG_BASE_CONVERSION_MODEL = 1 << 16,
    /* The policy. */
    VALUATION_FLAG_NO_UNIT = 1 << 17,    /* the request lacks the unit that the experiment buckets by: it got the control */
    VALUATION_FLAG_OVERRIDDEN = 1 << 18, /* an override chose the predictor */
    VALUATION_FLAG_ADJUSTED = 1 << 19,   /* the campaign's multiplier, floor or cap changed expected_revenue */
    VALUATION_FLAG_EXPLORED = 1 << 20    /* the probabilities were drawn from the model's uncertainty */
};

/* The name of one flag as JSON answers print it, for example "unknown_campaign"; NULL if flag is not exactly one known bit.
 * NUL-terminated, static. Any thread. O(1). Since 0.1. */
const char *valuation_flag_name(valuation_flags flag);

/* What showing one ad is worth: 24 bytes. */
typedef struct valuation_value {
    double expected_revenue; /* currency unit of the bid, per impression; bid / 1000, bid x pctr or bid x pctr x pcvr of
                                exactly the floats below, computed in double; 0 if flags say why. A policy may adjust it */
    float pctr;              /* P(click | request, ad), or NaN without a model */
    float pcvr;              /* P(conversion | request, ad, click); NaN unless pricing is CPA and a model exists */
    valuation_flags flags;
    uint32_t source; /* which predictor, experiment and variant it is from: see valuation_engine_find_source; 0 without a
                        policy */
} valuation_value;

/* How a call went, for logs and monitoring. Owned by the caller, reusable; the call fills it in if it succeeds.
 *
 * Features. A feature counts once for each release that looked it up to value candidates, which is usually one. Under a
 * policy, the default predictor's release may have looked the request's up although others value all candidates. One that
 * the time budget did not reach does not count, nor do those of invalid candidates, nor any that only constants and
 * observed rates would have met. Known are those that count for at least one model of that release: it has a weight
 * for the feature or a cross of it, and a number is finite. If the share of known features falls, the features of
 * serving and of training have drifted apart. */
typedef struct valuation_outcome {
    uint32_t struct_size;      /* set by VALUATION_OUTCOME_INIT */
    uint32_t budget_exceeded;  /* 1 if the time was up before everything was computed, otherwise 0 */
    uint64_t generation;       /* of the models and the policy that served: see valuation_engine_find_generation */
    uint64_t nanoseconds;      /* from the beginning of the call to its end; in a batch, of the request's turn */
    uint64_t request_features; /* those of the request, the shared ones of a batch included */
    uint64_t request_features_known;
    uint64_t candidate_features; /* the sum over the candidates */
    uint64_t candidate_features_known;
} valuation_outcome;

#define VALUATION_OUTCOME_INIT {(uint32_t)sizeof(valuation_outcome), 0, 0, 0, 0, 0, 0, 0}

/* Values each candidate.
 * request, candidates  borrowed; candidates may be NULL if candidate_count is 0
 * values_out           candidate_count values, in the order of the candidates; written only if the call succeeds
 * outcome              filled in if the call succeeds; may be NULL. It costs two reads of the clock, some 50 ns
 *
 * A bad candidate never affects the others: it gets 0 and a flag. The same request gives the same bits on every call,
 * alone or among other candidates. A probability is within 1e-6 (relative) of its formula in exact arithmetic as long
 * as (number of weights met) x max(largest weight of the model, 1) is below 1,800: each weight is stored to 2^-31 of
 * that maximum.
 *
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, LIMIT_EXCEEDED, NOTHING_LOADED; OUT_OF_MEMORY only in the first call after a
 * load, when the scratch space grows to the new models. No allocation otherwise. One thread per object.
 *
 * Cost: O(min(weights of the feature, candidates)) for each feature of the request, and O(1 + features of the ad) for
 * each candidate. Features that models cross add O(r^2 + candidates x a x (r + a)), r and a being how many of them the
 * request and the ad have. Since 0.1. */
valuation_status valuation_score(valuation_scorer *scorer, const valuation_request *request,
                                 const valuation_candidate *candidates, size_t candidate_count, valuation_value *values_out,
                                 valuation_outcome *outcome, valuation_error *error);

/* Values each candidate and returns at most maximum_count of the best, best first. Of two equal ones the earlier
 * candidate comes first.
 * indices_out  array of maximum_count; receives positions in candidates
 * values_out   array of maximum_count; receives their values
 * count_out    receives min(maximum_count, candidate_count)
 * outcome      as for valuation_score
 * Errors, threads: as valuation_score. No allocation. Cost as valuation_score + O(candidates x log maximum_count). Since 0.1.
 */
valuation_status valuation_rank(valuation_scorer *scorer, const valuation_request *request,
                                const valuation_candidate *candidates, size_t candidate_count, size_t maximum_count,
                                size_t *indices_out, valuation_value *values_out, size_t *count_out, valuation_outcome *outcome,
                                valuation_error *error);

/* Values the candidates of many requests in one call, with one set of models: several impressions of one bid request, or
 * a log.
 * shared             borrowed; shared_count features that each request has before its own, such as those of the user and
 *                    the site; NULL if shared_count is 0. They are looked up once
 * requests           request_count requests, each with the same struct_size, which is also the stride of the array. Shared
 *                    and own features are at most 10,000
 * candidate_offsets  request_count + 1 numbers, from 0, not falling: request i has the candidates
 *                    candidate_offsets[i] ... candidate_offsets[i + 1] - 1
 * values_out         candidate_offsets[request_count] values
 * outcomes_out       request_count outcomes, each with the same struct_size, which is also the stride of the array; may be
 *                    NULL
 * Gives the same bits as valuation_score for each request with all its features in one array.
 * Errors, threads, cost: as valuation_score for each request; INVALID_ARGUMENT for candidate_offsets that do not begin with 0
 * or fall, STRUCT_SIZE for elements of different sizes; on failure values_out and outcomes_out are unspecified. Under a
 * policy that explores, requests with shared features and without a seed copy their features; OUT_OF_MEMORY is possible
 * then. Since 0.1. */
valuation_status valuation_score_batch(valuation_scorer *scorer, const valuation_feature *shared, size_t shared_count,
                                       const valuation_request *requests, size_t request_count,
                                       const valuation_candidate *candidates, const size_t *candidate_offsets,
                                       valuation_value *values_out, valuation_outcome *outcomes_out, valuation_error *error);

/* Does what valuation_score, valuation_rank and valuation_explore do, for hosts whose arrays must not hold addresses (Go,
 * Java, C#): all features are in one array, and offsets say whose they are.
 *
 *     features         k0 k1 k2 | k3 k4 | | k5       the request's, then those of three ads, of which the second has none
 *     feature_offsets  3 5 5 6                       candidate_count + 1 numbers
 *
 * request          borrowed; its own features must be NULL and 0
 * features         borrowed; feature_count of them: the request has features[0] ... features[feature_offsets[0] - 1], and
 *                  candidate i has features[feature_offsets[i]] ... features[feature_offsets[i + 1] - 1]
 * feature_offsets  borrowed; not falling; the last one is at most feature_count
 * candidates       borrowed; a candidate that has features of its own (not NULL and 0) is invalid
 * indices_out      NULL: values_out receives candidate_count values in the order of the candidates. Otherwise both receive
 *                  the min(maximum_count, candidate_count) best, as in valuation_rank
 * maximum_count    ignored if indices_out is NULL
 * propensities_out NULL unless values are to be explored: receives candidate_count numbers, as in valuation_explore;
 *                  indices_out is then NULL
 * chosen_out       receives the chosen candidate if propensities_out is given, otherwise VALUATION_NONE_CHOSEN; may be NULL
 * outcome          as for valuation_score
 *
 * Gives the same bits as the other calls. Errors, threads, cost: as those, plus O(candidates) for the offsets;
 * INVALID_ARGUMENT for offsets that fall or end behind the features, a request with features of its own, or both indices_out
 * and propensities_out. Since 0.1. */
valuation_status valuation_score_flat(valuation_scorer *scorer, const valuation_request *request,
                                      const valuation_feature *features, size_t feature_count, const uint32_t *feature_offsets,
                                      const valuation_candidate *candidates, size_t candidate_count, size_t maximum_count,
                                      size_t *indices_out, valuation_value *values_out, double *propensities_out,
                                      size_t *chosen_out, valuation_outcome *outcome, valuation_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * JSON: the same calls for scripts, logs and bindings
 *
 *     {"id": "imp-1", "features": {"slot": "12", "os": "ios"},
 *      "candidates": [{"ad": "9", "campaign": "1042", "pricing": "cpc", "bid": 0.5}]}
 *  ->
 *     {"id":"imp-1","release":"2026-11-21T030000Z","policy":null,"generation":3,
 *      "values":[{"ad":"9","campaign":"1042","expected_revenue":0.0021,"pctr":0.0043,"pcvr":null,"flags":[]}],
 *      "request_features":2,"request_features_known":2,"candidate_features":0,"candidate_features_known":0}
 *
 * Documentation/request-format.md has every member. A malformed request fails with line and column; a malformed candidate
 * gets 0 and a flag. All JSON texts that this library hands out are valid JSON: a number that is NaN or beyond a double is
 * null, and bytes of a path that are not UTF-8 are U+FFFD. Texts handed out are NUL-terminated, belong to the scorer, and
 * live until its next JSON call or its destruction. text is borrowed. The scratch space grows to the largest request seen.
 * Errors of this section: INVALID_ARGUMENT, STRUCT_SIZE, JSON_SYNTAX, INVALID_VALUE, LIMIT_EXCEEDED, NOTHING_LOADED,
 * OUT_OF_MEMORY. One thread per object.
 * ------------------------------------------------------------------------------------------------------------- */

/* Answers a JSON request. Gives the same numbers as valuation_score, printed as the shortest text that reads back to the
 * same double (expected_revenue) or float (pctr, pcvr). If a policy leaves something to chance, "chosen" after the values
 * is that of the candidate to show (see valuation_explore). "release" is the id of the models that serve as LATEST, and
 * "policy" the policy's version; null for none. The members after the values are those of valuation_outcome. If candidates
 * or their bids are invalid, "invalid_candidates" counts them. O(length) + the cost of valuation_score + O(answer). Since 0.1.
 */
valuation_status valuation_score_json(valuation_scorer *scorer, const char *text, size_t length, const char **text_out,
                                      size_t *length_out, valuation_error *error);

/* Answers a JSON request and explains the values. For each value, "click" and "conversion" list every term of the logit:
 * intercepts, the sampling correction, each feature and cross with its weight and the model it is from. Each term says
 * what it adds to the logit, and under "expected_revenue" how much less the ad would be worth without it, before a policy
 * adjusts it. "observed" has the counts of the campaign and the rates that follow from them, with their standard
 * deviations. "ignored" names the fields and values that do not count, why, and the field that a misspelt one may be meant
 * for. The probabilities are those of valuation_score_json.
 *
 * For people, not for the serving path: O(length + candidates x (features + crosses + fields ignored)), and up to a
 * millisecond for each of the first 32 different names of unknown fields. Since 0.1. */
valuation_status valuation_explain_json(valuation_scorer *scorer, const char *text, size_t length, const char **text_out,
                                        size_t *length_out, valuation_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Policy: which predictor values which impression
 *
 *     valuation_engine_load(engine, "models", 6, &error);
 *     valuation_engine_load_policy(engine, "models/policy.json", 18, &error);
 *     ...
 *     valuation_unit user = {"user", 4, "u-77", 4};
 *     request.units = &user;
 *     request.unit_count = 1;
 *     valuation_outcome outcome = VALUATION_OUTCOME_INIT;
 *     valuation_score(scorer, &request, &ad, 1, &value, &outcome, &error);
 *     valuation_source source = VALUATION_SOURCE_INIT;
 *     valuation_engine_find_source(engine, outcome.generation, value.source, &source, &error);    // once for each pair
 *     log("%s %s %s: %s", source.predictor, source.experiment, source.variant, source.releases);
 *
 * A policy is a JSON file that people edit (Documentation/policy.md). It has named predictors (a release, the mean of
 * several, a constant, or the campaign's observed rate), a default predictor, overrides, experiments, and for single
 * campaigns a multiplier, a floor and a cap. The first rule that holds for a candidate decides: an override, an experiment
 * (layer by layer), the default. Each call of valuation_score and its like sees one policy as a whole. Without a policy,
 * every value is from the models that valuation_engine_load loaded.
 * ------------------------------------------------------------------------------------------------------------- */

/* Loads a policy. If it is sound and everything that it names exists, it decides from each scorer's next call on.
 * path  borrowed; valuation_engine_refresh follows that file; NULL and 0 to remove the policy
 *
 * "LATEST" in a policy means the models that valuation_engine_load, _refresh and _roll_back have put into service. Other
 * releases are opened from the directory of releases, once each, and stay in memory. Loading other models, following
 * LATEST and going back resolve the policy anew, in O(policy + campaigns); if a release that the policy names is missing,
 * that call fails, and nothing changes.
 *
 * Errors: NOTHING_LOADED before models are loaded; INVALID_VALUE and the like with the JSON path of what is wrong;
 * UNKNOWN_RELEASE for a release that does not exist; as valuation_engine_load for one that cannot be opened. Nothing
 * changes then. Any thread.
 *
 * Loading costs O(policy + campaigns x releases that it names) in time and memory, whatever the rules are about, and as
 * valuation_engine_load for each release that is not in memory yet. Under a policy a request costs, once, O(features) if
 * scopes name placements, and O(rules that may hold for its candidates), with one hash table lookup for each placement of
 * the request and rule that names some; for each set of campaigns with the same rules, O(its experiments); for each
 * candidate, O(1). Since 0.1. */
valuation_status valuation_engine_load_policy(valuation_engine *engine, const char *path, size_t path_length,
                                              valuation_error *error);

/* The bucket of a unit in an experiment: Fingerprint64(salt + ":" + unit) mod 10,000, the fingerprint taken as unsigned.
 * BigQuery's fingerprints are signed; there the bucket is MOD(MOD(f, 10000) + IF(f < 0, 11616, 0), 10000) with
 * f = FARM_FINGERPRINT(CONCAT(salt, ":", unit)). Any thread, no allocation, O(length), cannot fail. Since 0.1. */
uint32_t valuation_bucket(const char *salt, size_t salt_length, const char *unit, size_t unit_length);

/* What a predictor values candidates by. */
typedef int32_t valuation_predictor_kind;
enum {
    VALUATION_PREDICTOR_RELEASE = 1,  /* the models of one release */
    VALUATION_PREDICTOR_ENSEMBLE = 2, /* the mean of several releases */
    VALUATION_PREDICTOR_NAIVE = 3,    /* what was observed of the campaign */
    VALUATION_PREDICTOR_CONSTANT = 4  /* a constant */
};

/* What a value is from. Texts are NUL-terminated, "" if there is none. */
typedef struct valuation_source {
    uint32_t struct_size; /* set by VALUATION_SOURCE_INIT */
    valuation_predictor_kind kind;
    char predictor[256]; /* "" without a policy */
    char experiment[256];
    char variant[256];
    char releases[1040]; /* the ids of its releases in that generation, with commas between them: "LATEST" in the policy has
                            become the id that it stood for, "" for models that are no release. The counts of a naive
                            predictor are those of that release, too */
} valuation_source;

#define VALUATION_SOURCE_INIT {(uint32_t)sizeof(valuation_source), 0, {0}, {0}, {0}, {0}}

/* Says what valuation_value.source stands for in a generation. The number is the lower half of
 * Fingerprint64(predictor + "\n" + experiment + "\n" + variant), or 1 if that is 0, so the three names are the same in
 * every process, generation and policy that has it. Kind and releases may differ: with the generation of the call that gave
 * the value, they are those that the value is from.
 * generation  of the call that gave the value; 0 for the newest known generation that has the source
 * source      0 is that of every value without a policy
 * source_out  its members after struct_size are filled in
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, UNKNOWN_GENERATION, UNKNOWN_SOURCE. Any thread. O(generations known): about a
 * microsecond. No allocation. Since 0.1. */
valuation_status valuation_engine_find_source(const valuation_engine *engine, uint64_t generation, uint32_t source,
                                              valuation_source *source_out, valuation_error *error);

/* What valuation_explore chooses if no candidate is worth anything. */
#define VALUATION_NONE_CHOSEN ((size_t)-1)

/* Does what valuation_score does, chooses the candidate to show, and computes how likely each was to be chosen.
 * propensities_out  candidate_count numbers: the probability, over the draws of the predictors that explore, that this
 *                   candidate's expected_revenue is the greatest; of equal ones the earlier candidate counts. They add up
 *                   to 1, or are all 0 if no candidate is worth anything. Without exploration one is 1 and the others are
 *                   0. If the policy has a "minimum_propensity" e, and n candidates are worth anything, each of these has
 *                   (1 - n x e) x that probability + e; e is at most 1 / n
 * chosen_out        the position of the candidate to show, or VALUATION_NONE_CHOSEN: the first of those that are worth
 *                   most. Under a policy with a "minimum_propensity" e, if u < n x e, it is the one of the n with the
 *                   number floor(u / e), counted from 0, where u = (H(seed, 1) >> 11) / 2^53, H as below. May be NULL
 * outcome           as for valuation_score
 *
 * Draws. A predictor with "exploration" draws its weights instead of taking the most likely ones (Thompson sampling;
 * Chapelle & Li, "An empirical evaluation of Thompson sampling", 2011). Each weight is moved by scale x its standard
 * deviation x z. That moves the logit in proportion to the factor that multiplies the weight. z is nearly standard normal
 * (its distribution function is within 0.0007 of the normal one, and it is never beyond +-4.4). With 32-bit numbers x, and b0
 * to b3 the lowest to the highest byte of x:
 *
 *     x = the highest 32 of the lowest 64 bits of (label ^ H(seed, 0)) * 0x9e3779b97f4a7c15
 *     x ^= (2 x level + target) * 0x9e3779b9; x |= 1; x *= (the lowest 32 bits of the campaign's key) | 1
 *     x ^= x >> 15; x *= 0x846ca68b
 *     t = 7936 b0 + 8064 b1 + 8128 b2 + 7747 b3 - 4064062.5
 *     z = t x (8.20729833e-7 + t^2 x (3.06492405e-21 + t^2 x 7.69688015e-34))
 *
 * H(a, b) is Fingerprint64 of both numbers' 16 bytes, little-endian. label is the key of the category, the number's field
 * or the cross; it is 0 for an intercept, and for an observed rate, which is drawn as a whole. level is 0 for the
 * campaign's own model, 1 for the one that it extends, and so on; target is 0 for clicks, 1 for conversions. The amount by
 * which the logit moves is rounded to whole 2^-30.
 *
 * So a request's features move all ads of a campaign together, an ad's own weights move it alone, and campaigns move
 * independently. The same seed gives the same values, in valuation_score and valuation_rank, too. Values are those of the
 * formula to 1e-6 of the probability, and 4e-7 of what the weights move the logit by.
 *
 * Accuracy of propensities. If the ads of each campaign move together, propensities are exact to 0.01, or to 0.03 if more
 * than 32 of the ads may be worth most. If ads have uncertain weights of their own, propensities are shares among n
 * representative draws, with a standard error of at most 0.5 / sqrt(n); n is 4,096 for 32 ads that may be worth most,
 * 1,024 for 128, 256 from 512 on. The time budget covers values and propensities together: if it ends before the
 * propensities are computed, all are 0 and the best candidate is chosen.
 *
 * Errors, threads: as valuation_score, and OUT_OF_MEMORY if there are more candidates, or more campaigns that may be worth
 * most, than ever before; values_out is unspecified then.
 *
 * Cost. A predictor that explores costs O(features of the request) for each model of the candidates, and O(features of the
 * ad and their crosses) for each candidate, in valuation_score and valuation_rank, too. Propensities cost
 * O(candidates x log candidates + n x ads of a campaign + m x log m) and 24 bytes x m, m being the sum of n over the
 * campaigns that may be worth most. For a campaign whose ads move together n is 256, or 1,024 with CPA, and a quarter of
 * that if there are more than 32; otherwise n is as above, but at most 65,536 / campaigns (at least 256), and each takes
 * 28 bytes once. Since 0.1. */
valuation_status valuation_explore(valuation_scorer *scorer, const valuation_request *request,
                                   const valuation_candidate *candidates, size_t candidate_count, valuation_value *values_out,
                                   double *propensities_out, size_t *chosen_out, valuation_outcome *outcome,
                                   valuation_error *error);

/* Explains what the policy decides for a JSON request. For each experiment: whether it runs, the unit, its bucket and the
 * variant. For each candidate (there may be none): every rule in the order of evaluation, whether it holds, the predictor,
 * and how the value is adjusted. Documentation/policy.md has every member. For people, not for the serving path.
 * Errors, lifetime, threads: as valuation_explain_json; NO_POLICY without a policy. O(length + candidates x rules).
 * Since 0.1. */
valuation_status valuation_assign_json(valuation_scorer *scorer, const char *text, size_t length, const char **text_out,
                                       size_t *length_out, valuation_error *error);

/* Reports. A JSON text that valuation_engine_describe, valuation_policy_check or a call of the next section hands out is a
 * report. The caller owns it until it destroys it.
 *
 * The text, NUL-terminated; it lives until the report is destroyed. length_out receives its length in bytes; may be NULL.
 * Any thread. O(1). Since 0.1. */
const char *valuation_report_text(const valuation_report *report, size_t *length_out);

/* Destroys a report. NULL is allowed. Exclusive. Since 0.1. */
void valuation_report_destroy(valuation_report *report);

/* Finds everything that is wrong or suspicious in a policy.
 * policy      the policy's file
 * models      the models to check it against, as valuation_engine_load takes them; NULL and 0 to check the policy alone
 * report_out  receives an array of findings, errors first: "severity", "status", "line", "column", "json_path", "message".
 *             Severity "error": an engine would refuse the policy. Severity "warning": it can hardly be what was meant,
 *             for example a rule behind one that always holds, shares that leave a few buckets over, an experiment that
 *             has ended. A rule that overlaps others has one finding, which names the first of them
 * Errors: only if the check itself cannot run: FILE_NOT_FOUND, READ_FAILED, OUT_OF_MEMORY, or as valuation_engine_load of
 * models. What is wrong with the policy is in the report, and the call succeeds. Problems with the file itself are reported
 * first, and the rest only once they are fixed. Any thread. Since 0.1. */
valuation_status valuation_policy_check(const char *policy, size_t policy_length, const char *models, size_t models_length,
                                        valuation_report **report_out, valuation_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Releases: what the batch publishes and operators switch
 *
 *     models/LATEST                         the id of the release that engines load or refresh to
 *     models/PREVIOUS                       the id that LATEST named before
 *     models/SECRET                         the secret of keys; drawn by the first publish, never changed
 *     models/releases/<id>/manifest.json    the release's contents, with sizes and checksums
 *     models/releases/<id>/...              the model files, unchanged, and index.valuation, compiled
 *
 * Documentation/releases.md describes every member. These calls are for publishers and tools: they read and write files,
 * allocate, may take seconds, and need no engine. One process at a time writes in a directory of releases; others get BUSY.
 * Readers need no lock: what LATEST names is complete at every moment, even if the writer is killed or the machine loses
 * power. An id has 1 to 64 letters, digits, dots, hyphens and underscores, and does not begin with a dot. Threads: any;
 * calls share nothing. Errors of this section are those named with each call, and INVALID_ARGUMENT, STRUCT_SIZE,
 * OUT_OF_MEMORY, FILE_NOT_FOUND, READ_FAILED. All texts are borrowed.
 * ------------------------------------------------------------------------------------------------------------- */

/* How models are published. NULL stands for VALUATION_PUBLISHING_INIT. */
typedef struct valuation_publishing {
    uint32_t struct_size; /* set by VALUATION_PUBLISHING_INIT */
    uint32_t switches;    /* any of the following, 0 for none */
    const char *id;       /* of the release; NULL and 0 for the time of the call, in UTC: 2026-11-21T030000Z */
    size_t id_length;
    double click_prior;      /* P(click) for a campaign without any model; at most 1, which means that a click is given,
                                for logs of clicks alone; 0 to compute it from the observed counts */
    double conversion_prior; /* P(conversion | click), likewise */
} valuation_publishing;

#define VALUATION_PUBLISHING_INIT {(uint32_t)sizeof(valuation_publishing), 0, NULL, 0, 0, 0}

enum {
    VALUATION_PUBLISH_NO_COMPILED = 1 << 0, /* write no compiled file; engines build the index from the model files */
    VALUATION_PUBLISH_KEEP_LATEST = 1 << 1  /* leave LATEST as it is; see valuation_releases_select */
};

/* Publishes the models at path as a release in the directory root and makes LATEST name it. root is created if it does not
 * exist; its parent must exist.
 * path        as valuation_engine_load takes it, but no compiled file; the files of a release are published anew
 * root        a directory of releases; not one that holds model files
 * report_out  receives the manifest; may be NULL
 *
 * The models are first loaded as an engine would load them, self-tests included, so what would not load is not published.
 * Files are written under another name, flushed to the disk (fsync), renamed, and read again before LATEST is replaced by
 * a rename. The next publisher removes what a killed one left behind; a call that fails removes its own files.
 *
 * The first publish draws the directory's secret, unless SECRET exists already. A directory with LATEST and without SECRET
 * has the standard secret and keeps it; but if its releases were published under another secret, SECRET was lost, and the
 * call fails (SECRET). Only those who may read SECRET may read the compiled file, because one key of a known text gives the
 * secret away; the publisher must be in SECRET's group. A prior that is neither given nor known from campaign documents or
 * the models' training (base_rate and positives) is left unset.
 *
 * Errors: as valuation_engine_load; INVALID_ARGUMENT if root holds model files; WRITE_FAILED, RELEASE_EXISTS, BUSY.
 * Models that do not say how often ads are clicked are refused if the policy in root's policy.json has a naive predictor.
 * O(bytes + weights). Since 0.1. */
valuation_status valuation_publish(const char *path, size_t path_length, const char *root, size_t root_length,
                                   const valuation_publishing *publishing, valuation_report **report_out,
                                   valuation_error *error);

/* Writes the finished index of the models at path (as valuation_engine_load takes it) as one flat file, which engines map.
 * Loading the file gives the same bits as loading path, in milliseconds.
 * file  its name ends in .valuation; an existing file is replaced at once, by a rename
 *
 * The same models under the same secret give the same bytes. The secret is that of path, or the standard one if path is in
 * no directory of releases. Engines with another secret refuse the file (SECRET). An engine that has loaded nothing takes
 * it if the secret is in a file SECRET beside it: write it to the directory of releases, or copy SECRET with it. The keys
 * in it give the secret away: let only those read it who may read SECRET. The file is read-only, and readable by everyone
 * as far as the process's umask allows. Errors: as valuation_engine_load; WRITE_FAILED. O(bytes + weights). Since 0.1. */
valuation_status valuation_compile(const char *path, size_t path_length, const char *file, size_t file_length,
                                   valuation_error *error);

/* Lists the releases of a directory, newest first: an array of objects with id, created, bytes, campaigns, click_models,
 * conversion_models, weights, compiled, latest (whether LATEST names it) and problem (null, or why its manifest is not
 * sound; the members that the manifest would give are then null). Only LATEST and the manifests are read. O(releases)
 * reads. Since 0.1. */
valuation_status valuation_releases_list(const char *root, size_t root_length, valuation_report **report_out,
                                         valuation_error *error);

/* Makes LATEST name another release, after loading that release as an engine would. Running engines follow at their next
 * refresh.
 * id          NULL and 0 for the release that LATEST named before
 * report_out  receives its manifest; may be NULL
 *
 * Errors: as valuation_engine_load; UNKNOWN_RELEASE, WRITE_FAILED, BUSY. Since 0.1. */
valuation_status valuation_releases_select(const char *root, size_t root_length, const char *id, size_t id_length,
                                           valuation_report **report_out, valuation_error *error);

/* Removes old releases, and what killed publishers left behind. It keeps the newest `keep` releases, those that LATEST and
 * PREVIOUS name, and those that the policy in root's policy.json names. It also keeps a release whose manifest is not
 * sound, for a person to look at. Processes that serve a removed release go on serving it.
 * keep        at least 1; SECRET is not needed
 * report_out  receives an array of the ids removed; may be NULL
 *
 * Errors: WRITE_FAILED, BUSY; UNKNOWN_RELEASE if LATEST or PREVIOUS holds no id; what is wrong with that policy. Nothing is
 * removed then. Since 0.1. */
valuation_status valuation_releases_prune(const char *root, size_t root_length, size_t keep, valuation_report **report_out,
                                          valuation_error *error);

/* Compares the model files of two sets of models, as valuation_engine_load takes them, but no compiled files. The report
 * has, for each campaign and target that differs: "change" ("added", "dropped" or "changed"), how many weights were added,
 * dropped and moved, how far, and the weights that moved farthest, with their names; and totals. Variances are not
 * compared. See Documentation/releases.md.
 * most  how many weights of a model to name
 *
 * The models are decoded and checked one by one; what needs a whole set (extends, self-tests) is not checked.
 * Errors: as valuation_engine_load. O(bytes + weights + weights named x log(weights)); all labels of the first set are in
 * memory. Since 0.1. */
valuation_status valuation_compare(const char *before, size_t before_length, const char *after, size_t after_length,
                                   size_t most, valuation_report **report_out, valuation_error *error);

#ifdef __cplusplus
}
#endif

#endif /* VALUATION_H */
