// Plays the PBX: records several calls at once, one thread each, with the hook on them, and checks what it got as the recording and as audit lines against what it sent.
//
// - outside of the spans that were told of, each leg of the recording is what was sent, bit for bit, in order and whole, and silence where nothing was sent
// - inside of them it is something else
// - no sample of a key, nor of its echo on the other leg, lies outside of them
// - what was said at one time on both legs is recorded side by side; where a clock is slow, within 50 ms
// - the recording is as long as the call, and was never nearer to it than the look-ahead
// - where the hook failed, all after that is silence, and one line says so
//
// Prints a line a call, and the first thing that is wrong with it. Exits with 1 if anything is. Nothing random but by seed, and no digit is printed.
#define _POSIX_C_SOURCE 200112L
#include "cardhush_hook.h"
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MS 20
#define KEY_MS 80
#define KEY_EVERY_MS 400
#define ECHO_MS 25
// When the hook is made to fail. Nothing is on its way out of the look-ahead then: the span that is being replaced at that moment would not be told of any more.
#define DEFECT_TURN 210
#define SPANS 400

struct span {
    uint64_t start, end;
    int signalled;
};

// What one leg does that the usual one does not, by turn.
enum trouble {
    PAUSE = 1,       // the write leg sends nothing at all for a while
    COMFORT = 2,     // the read leg has frames without audio for a while
    SLOW = 4,        // the write leg's clock is 0.5 % slow, and its frames have odd lengths
    LONG = 8,        // the read leg has frames of 60 ms, the write leg those of 20
    OTHER_RATE = 16, // the read leg changes its rate for a while
    SIGNALLED = 32,  // keys are told of, and not in the audio
    DEFECT = 64,     // the library fails in mid-call
    WRITE_FIRST = 128,
    LATE = 256,      // the write leg starts later
    TOLD_LATE = 512  // signalling tells of a key that began before the look-ahead
};

struct call_plan {
    const char *name;
    uint32_t rate_hz;
    int listens; // with the library's own settings, spoken digits too: 8 s; otherwise 0.7 s
    unsigned turns;
    int trouble;
};

struct leg {
    int16_t *sent; // samples of voice
    unsigned char *key; // whether that sample has a key in it
    uint32_t *when;     // when it was said, in samples from 1
    uint32_t *told;     // when that was said which was found in a frame of the recording, in samples from 1; 0: nothing was found
    size_t count;
    uint32_t seed;
    struct span spans[SPANS];
    size_t span_count;
};

struct pbx_call {
    const struct call_plan *plan;
    struct cardhush_module *module;
    pthread_t thread;
    pthread_mutex_t lock; // of `hook`
    void *hook;
    struct leg legs[PBX_LEGS];
    int16_t *recorded;
    size_t frames, room;
    uint64_t fed;        // samples of time that have passed
    uint64_t look_ahead;
    int closing, warnings, exposed, lost;
    unsigned long long silent_from;
    char wrong[160];
};

static void wrong(struct pbx_call *call, const char *format, ...)
{
    va_list arguments;
    if (call->wrong[0] != 0)
        return;
    va_start(arguments, format);
    vsnprintf(call->wrong, sizeof call->wrong, format, arguments);
    va_end(arguments);
}

// ---- what the PBX has to offer

uint32_t pbx_rate(struct pbx_call *call)
{
    return call->plan->rate_hz;
}

const char *pbx_variable(struct pbx_call *call, const char *name)
{
    return strcmp(name, "cardhush_armed") == 0 && call->plan->listens ? "true" : NULL;
}

void pbx_record(struct pbx_call *call, const int16_t *stereo, size_t frames)
{
    if (frames > call->room - call->frames) {
        wrong(call, "more is recorded than was sent");
        return;
    }
    memcpy(call->recorded + PBX_LEGS * call->frames, stereo, PBX_LEGS * frames * sizeof stereo[0]);
    call->frames += frames;
    if (!call->closing && call->frames + call->look_ahead > call->fed)
        wrong(call, "frame %lu is recorded before the look-ahead has passed", (unsigned long)call->frames);
}

void pbx_log(struct pbx_call *call, enum pbx_level level, const char *line)
{
    unsigned leg;
    unsigned long long start, end;
    char cause[16];
    if (level == PBX_WARNING)
        call->warnings++;
    // Nothing is lost but where a defect cuts a stream off, where that is told once.
    call->lost += strstr(line, "LOST") != NULL;
    call->exposed += strstr(line, "EXPOSED") != NULL;
    const char *failure = strstr(line, "silence from frame");
    if (failure != NULL)
        sscanf(failure, "silence from frame %llu", &call->silent_from);
    if (sscanf(line, "cardhush: redacted leg=%u start=%llu end=%llu cause=%15s", &leg, &start, &end, cause) != 4)
        return;
    if (leg >= PBX_LEGS || start >= end || call->legs[leg].span_count == SPANS) {
        wrong(call, "an audit line that cannot be: %s", line);
        return;
    }
    struct leg *of = &call->legs[leg];
    if (of->span_count > 0 && start <= of->spans[of->span_count - 1].end)
        wrong(call, "spans of one leg touch, or are out of order: %s", line);
    of->spans[of->span_count++] = (struct span){start, end, strcmp(cause, "event") == 0 || strcmp(cause, "linked") == 0};
}

// ---- what the parties send

static double tone(uint32_t seed, double at)
{
    static const double low[] = {697, 770, 852, 941}, high[] = {1209, 1336, 1477, 1633};
    unsigned nth = (unsigned)(at * 1000 / KEY_EVERY_MS);
    double within = at * 1000 - (double)nth * KEY_EVERY_MS;
    uint32_t key = (seed + nth) * 2654435761u >> 28;
    if (at < 0 || nth == 0 || within >= KEY_MS)
        return 0;
    return sin(2 * 3.14159265358979 * low[key & 3] * at) + sin(2 * 3.14159265358979 * high[key >> 2] * at);
}

// The sample that a leg has at a time, in seconds: faint noise, never 0, and keys on the read leg with their echo on the write leg.
static int16_t sample(struct pbx_call *call, enum pbx_leg which, double at)
{
    struct leg *leg = &call->legs[which];
    double keys = 0;
    leg->seed = leg->seed * 1664525u + 1013904223u;
    int noise = 1 + (int)(leg->seed >> 16) % 24;
    if (!(call->plan->trouble & SIGNALLED))
        keys = which == PBX_READ ? 6000 * tone(7, at) : 300 * tone(7, at - ECHO_MS / 1000.0);
    int16_t value = (int16_t)(lrint(keys) + (leg->seed >> 31 ? noise : -noise));
    value = value == 0 ? 1 : value;
    leg->sent[leg->count] = value;
    leg->when[leg->count] = (uint32_t)lrint(at * call->plan->rate_hz) + 1;
    leg->key[leg->count++] = keys != 0;
    return value;
}

static void frame(struct pbx_call *call, enum pbx_leg which, struct pbx_frame frame)
{
    cardhush_hook_type.frame(call->hook, which, &frame);
}

// A frame of voice whose first sample is of the given time.
static void voice(struct pbx_call *call, enum pbx_leg which, double at, size_t samples, double clock_hz)
{
    int16_t data[48 * 60];
    for (size_t i = 0; i < samples; i++)
        data[i] = sample(call, which, at + (double)i / clock_hz);
    frame(call, which, (struct pbx_frame){PBX_VOICE, call->plan->rate_hz, samples, data, 0});
}

static int during(unsigned turn, unsigned from, unsigned to)
{
    return from <= turn && turn < to;
}

static void one_turn(struct pbx_call *call, enum pbx_leg which, unsigned turn)
{
    const struct call_plan *plan = call->plan;
    size_t samples = plan->rate_hz / 1000 * TURN_MS;
    double rate = plan->rate_hz, at = turn * TURN_MS / 1000.0;
    if (which == PBX_WRITE) {
        if ((plan->trouble & PAUSE && during(turn, 120, 210)) || (plan->trouble & LATE && turn < 33))
            return;
        if (plan->trouble & SLOW) {
            double clock = rate * 0.995;
            size_t until = (size_t)((at + TURN_MS / 1000.0) * clock) + turn % 3 * 7;
            voice(call, which, (double)call->legs[which].count / clock, until - call->legs[which].count, clock);
            return;
        }
    } else if (plan->trouble & COMFORT && during(turn, 250, 310)) {
        frame(call, which, (struct pbx_frame){PBX_SILENCE, plan->rate_hz, samples, NULL, 0});
        return;
    } else if (plan->trouble & OTHER_RATE && during(turn, 150, 200)) {
        static const int16_t data[48 * TURN_MS] = {1000};
        frame(call, which, (struct pbx_frame){PBX_VOICE, plan->rate_hz * 2, samples * 2, data, 0});
        return;
    } else if (plan->trouble & LONG) {
        if (turn % 3 == 2)
            voice(call, which, at - 2 * TURN_MS / 1000.0, 3 * samples, rate);
        return;
    }
    voice(call, which, at, samples, rate);
}

// Two keys that are told of, one of them at its end alone, as some PBX do, and one whose end never comes.
static void signal_keys(struct pbx_call *call, unsigned turn)
{
    if (turn == 60 || turn == call->plan->turns - 20)
        frame(call, PBX_READ, (struct pbx_frame){PBX_KEY_BEGIN, 0, 0, NULL, 0});
    if (turn == 70)
        frame(call, PBX_READ, (struct pbx_frame){PBX_KEY_END, 0, 0, NULL, 10 * TURN_MS});
    if (turn == 110)
        frame(call, PBX_WRITE, (struct pbx_frame){PBX_KEY_END, 0, 0, NULL, 5 * TURN_MS});
}

static void *run(void *argument)
{
    struct pbx_call *call = argument;
    const struct call_plan *plan = call->plan;
    void *hook = cardhush_hook_type.open(call->module, call);
    if (hook == NULL) {
        wrong(call, "no hook");
        return NULL;
    }
    pthread_mutex_lock(&call->lock);
    call->hook = hook;
    pthread_mutex_unlock(&call->lock);
    for (unsigned turn = 0; turn < plan->turns; turn++) {
        enum pbx_leg first = plan->trouble & WRITE_FIRST ? PBX_WRITE : PBX_READ;
        call->fed += plan->rate_hz / 1000 * TURN_MS;
        if (plan->trouble & SIGNALLED)
            signal_keys(call, turn);
        if (plan->trouble & TOLD_LATE && turn == 100)
            frame(call, PBX_READ, (struct pbx_frame){PBX_KEY_END, 0, 0, NULL, 1000});
        if (plan->trouble & DEFECT && turn == DEFECT_TURN)
            cardhush_hook_type.command(hook, PBX_REHEARSE);
        one_turn(call, first, turn);
        one_turn(call, !first, turn);
    }
    pthread_mutex_lock(&call->lock);
    call->hook = NULL;
    pthread_mutex_unlock(&call->lock);
    call->closing = 1;
    cardhush_hook_type.close(hook);
    return NULL;
}

// ---- what came of it

// Whether what is recorded from `at` on is what was sent from `from` on: the next samples of both.
static int goes_on(const struct pbx_call *call, int which, size_t at, size_t from)
{
    const struct leg *leg = &call->legs[which];
    size_t i;
    for (i = 0; i < 12 && at + i < call->frames && from + i < leg->count; i++)
        if (call->recorded[PBX_LEGS * (at + i) + (size_t)which] != leg->sent[from + i])
            return 0;
    return i > 0;
}

// What is recorded in a span has nothing to do with what was sent.
static void check_inside(struct pbx_call *call, int which, size_t start, size_t end, size_t from)
{
    const struct leg *leg = &call->legs[which];
    double both = 0, one = 0, other = 0;
    size_t same = 0, count = 0;
    for (size_t at = start; at < end && from + at - start < leg->count; at++, count++) {
        double r = call->recorded[PBX_LEGS * at + (size_t)which], s = leg->sent[from + at - start];
        both += r * s;
        one += r * r;
        other += s * s;
        same += r == s;
    }
    // Of so many independent samples it is 1 / sqrt(count), give or take.
    if (count >= 100 && (fabs(both) > 6 / sqrt((double)count) * sqrt(one * other) || same * 4 > count))
        wrong(call, "leg %d: what is recorded of %lu to %lu follows what was sent", which, (unsigned long)start, (unsigned long)end);
}

// Walks along the recording of a leg up to `until`, and counts the samples of silence that the hook put in.
static size_t check_leg(struct pbx_call *call, int which, size_t until)
{
    struct leg *leg = &call->legs[which];
    size_t at = 0, from = 0, silence = 0, hidden = 0, next = 0;
    while (at < until) {
        if (next < leg->span_count && at == leg->spans[next].start) {
            size_t end = leg->spans[next].end < call->frames ? (size_t)leg->spans[next].end : call->frames;
            check_inside(call, which, at, end, from);
            from += end - at;
            // Silence that was put in here cannot be seen.
            hidden += end - at;
            at = end;
            next++;
            continue;
        }
        if (call->recorded[PBX_LEGS * at + (size_t)which] == 0) {
            silence++;
        } else {
            size_t back = 0;
            while (hidden > 0 && back < hidden && back <= from && !goes_on(call, which, at, from - back))
                back++;
            silence += back;
            from -= back;
            hidden = 0;
            if (from >= leg->count || call->recorded[PBX_LEGS * at + (size_t)which] != leg->sent[from]) {
                wrong(call, "leg %d: frame %lu is neither told of nor what was sent", which, (unsigned long)at);
                return 0;
            }
            if (leg->key[from])
                wrong(call, "leg %d: frame %lu has a key in it", which, (unsigned long)at);
            leg->told[at] = leg->when[from++];
        }
        at++;
    }
    if (until == call->frames && from + hidden < leg->count)
        wrong(call, "leg %d: %lu samples are not recorded", which, (unsigned long)(leg->count - from));
    return silence;
}

static void check_together(struct pbx_call *call)
{
    const struct leg *read = &call->legs[PBX_READ], *write = &call->legs[PBX_WRITE];
    uint32_t allowed = call->plan->trouble & SLOW ? call->plan->rate_hz / 20 : 0;
    for (size_t at = 0; at < call->frames; at++) {
        uint32_t one = read->told[at], other = write->told[at];
        if (one != 0 && other != 0 && (one > other ? one - other : other - one) > allowed)
            wrong(call, "frame %lu: the legs are %ld samples apart", (unsigned long)at, (long)one - (long)other);
    }
}

static void check_signalled(struct pbx_call *call)
{
    const unsigned turns[][2] = {{60, 70}, {105, 110}, {call->plan->turns - 20, call->plan->turns}};
    size_t samples = call->plan->rate_hz / 1000 * TURN_MS;
    for (int which = 0; which < PBX_LEGS; which++) {
        const struct leg *leg = &call->legs[which];
        size_t found = 0;
        for (size_t i = 0; i < leg->span_count && i < 3; i++)
            found += leg->spans[i].signalled && leg->spans[i].start < turns[i][0] * samples && leg->spans[i].end >= turns[i][1] * samples;
        if (found != 3 || leg->span_count != 3)
            wrong(call, "leg %d: a key that was told of is not masked", which);
    }
}

static void check(struct pbx_call *call)
{
    const struct call_plan *plan = call->plan;
    size_t samples = plan->rate_hz / 1000 * TURN_MS, sound = call->frames, silence[PBX_LEGS], spans = 0;
    // Silence that the pauses of each leg must have made.
    size_t pauses[PBX_LEGS] = {(plan->trouble & COMFORT ? 60u : 0) + (plan->trouble & OTHER_RATE ? 50u : 0),
                               (plan->trouble & PAUSE ? 90u : 0) + (plan->trouble & LATE ? 33u : 0)};
    if (plan->trouble & DEFECT) {
        sound = DEFECT_TURN * samples - call->look_ahead;
        if (call->silent_from != sound)
            wrong(call, "silence is said to begin at frame %llu, not %lu", call->silent_from, (unsigned long)sound);
        for (size_t i = PBX_LEGS * sound; i < PBX_LEGS * call->frames; i++)
            if (call->recorded[i] != 0)
                wrong(call, "frame %lu is sound, after the hook failed", (unsigned long)(i / PBX_LEGS));
    }
    for (int which = 0; which < PBX_LEGS && call->wrong[0] == 0; which++) {
        silence[which] = check_leg(call, which, sound);
        spans += call->legs[which].span_count;
        size_t most = pauses[which] * samples, put_in = silence[which];
        // A slow leg gets as much as it lacks, give or take what waits.
        if (plan->trouble & SLOW && which == PBX_WRITE)
            most = plan->turns * samples / 200 + 3 * samples;
        if (put_in > most || put_in + (plan->trouble & SLOW ? 4 * samples : 0) < most)
            wrong(call, "leg %d: %lu samples of silence, not %lu", which, (unsigned long)put_in, (unsigned long)most);
    }
    if (call->frames != plan->turns * samples && !(plan->trouble & SLOW))
        wrong(call, "%lu frames are recorded of %lu", (unsigned long)call->frames, (unsigned long)(plan->turns * samples));
    check_together(call);
    if (plan->trouble & SIGNALLED)
        check_signalled(call);
    if (spans == 0)
        wrong(call, "nothing was masked");
    // On both legs, round the spans that were masked by then.
    if (plan->trouble & TOLD_LATE ? call->exposed < PBX_LEGS : call->exposed != 0)
        wrong(call, "%d spans are told as exposed", call->exposed);
    if (call->lost != ((plan->trouble & DEFECT) != 0))
        wrong(call, "%d times events were told as lost", call->lost);
    if (call->warnings != call->exposed + call->lost + ((plan->trouble & (DEFECT | OTHER_RATE)) != 0))
        wrong(call, "%d warnings", call->warnings);
    printf("%-34s %5u Hz %7lu frames, %3lu spans: %s\n", plan->name, (unsigned)plan->rate_hz, (unsigned long)call->frames, (unsigned long)spans,
           call->wrong[0] ? call->wrong : "ok");
}

// ---- all of it

static const struct call_plan plans[] = {
    {"keys, and their echo", 8000, 0, 500, 0},
    {"the same, wideband", 16000, 0, 500, 0},
    {"a leg pauses, the other has none", 8000, 0, 500, PAUSE | COMFORT},
    {"the same, write leg first", 16000, 0, 500, PAUSE | COMFORT | WRITE_FIRST},
    {"a leg starts late", 8000, 0, 300, LATE},
    {"a slow clock and odd frames", 8000, 0, 900, SLOW},
    {"the same, wideband", 16000, 0, 900, SLOW},
    {"long frames against short ones", 8000, 0, 501, LONG},
    {"another rate for a while", 8000, 0, 400, OTHER_RATE},
    {"keys that signalling tells of", 8000, 0, 300, SIGNALLED},
    {"a key that is told of too late", 8000, 0, 300, TOLD_LATE},
    {"a defect in mid-call", 8000, 0, 400, DEFECT},
    {"the same, wideband", 16000, 0, 400, DEFECT},
    {"spoken digits too, armed", 8000, 1, 800, 0},
    {"the same, with pauses", 16000, 1, 800, PAUSE | COMFORT},
};
#define CALLS (sizeof plans / sizeof plans[0])

static struct pbx_call calls[CALLS];

// Somebody at the console, who arms and disarms whatever call is there until there is none.
static void *operate(void *argument)
{
    int *over = argument, done = 0;
    for (unsigned round = 0; !done; round++) {
        for (size_t i = 0; i < CALLS; i++) {
            pthread_mutex_lock(&calls[i].lock);
            if (calls[i].hook != NULL)
                cardhush_hook_type.command(calls[i].hook, round % 2 ? PBX_ARM : PBX_DISARM);
            if (i == 0)
                done = *over;
            pthread_mutex_unlock(&calls[i].lock);
        }
    }
    return NULL;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return memory;
}

static struct cardhush_module *load(int listens, size_t count)
{
    cardhush_config settings;
    cardhush_status status = cardhush_config_init(&settings, sizeof settings);
    struct cardhush_module *module = NULL;
    settings.rate_hz = 16000;
    if (!listens)
        settings.spoken = CARDHUSH_SPOKEN_OFF;
    if (status == CARDHUSH_OK)
        module = cardhush_module_load(&settings, count, &status);
    if (module == NULL) {
        fprintf(stderr, "the module does not load: %s\n", cardhush_status_string(status));
        exit(2);
    }
    return module;
}

// What the module has no memory for is not recorded, and says so.
static int check_refusals(void)
{
    static const struct call_plan usual = {"", 8000, 0, 0, 0}, wide = {"", 48000, 0, 0, 0};
    struct pbx_call call = {.plan = &usual}, second = {.plan = &usual}, third = {.plan = &wide};
    struct cardhush_module *module = load(0, 1);
    void *refused = cardhush_hook_type.open(module, &third);
    void *hook = cardhush_hook_type.open(module, &call);
    void *one_too_many = cardhush_hook_type.open(module, &second);
    int well = hook != NULL && one_too_many == NULL && refused == NULL && second.warnings == 1 && third.warnings == 1;
    if (hook != NULL)
        cardhush_hook_type.close(hook);
    hook = cardhush_hook_type.open(module, &second);
    well = well && hook != NULL && call.frames == 0 && call.wrong[0] == 0;
    if (hook != NULL)
        cardhush_hook_type.close(hook);
    cardhush_module_unload(module);
    printf("%-34s %s\n", "calls that are refused", well ? "ok" : "one was not, or a good one was");
    return well;
}

int main(void)
{
    struct cardhush_module *keyed = load(0, CALLS), *all = load(1, 2);
    int over = 0, bad = !check_refusals();
    pthread_t operator_thread;
    for (size_t i = 0; i < CALLS; i++) {
        struct pbx_call *call = &calls[i];
        call->plan = &plans[i];
        call->module = plans[i].listens ? all : keyed;
        call->look_ahead = (uint64_t)plans[i].rate_hz * (plans[i].listens ? 8000 : 700) / 1000;
        call->room = (size_t)(plans[i].turns + 10) * TURN_MS * (plans[i].rate_hz / 1000);
        call->recorded = allocate(PBX_LEGS * call->room, sizeof call->recorded[0]);
        pthread_mutex_init(&call->lock, NULL);
        for (int which = 0; which < PBX_LEGS; which++) {
            call->legs[which].sent = allocate(call->room, sizeof call->legs[which].sent[0]);
            call->legs[which].key = allocate(call->room, 1);
            call->legs[which].when = allocate(call->room, sizeof call->legs[which].when[0]);
            call->legs[which].told = allocate(call->room, sizeof call->legs[which].told[0]);
            call->legs[which].seed = (uint32_t)(2 * i) + (uint32_t)which + 1;
        }
    }
    for (size_t i = 0; i < CALLS; i++)
        if (pthread_create(&calls[i].thread, NULL, run, &calls[i]) != 0)
            exit(2);
    if (pthread_create(&operator_thread, NULL, operate, &over) != 0)
        exit(2);
    for (size_t i = 0; i < CALLS; i++)
        pthread_join(calls[i].thread, NULL);
    pthread_mutex_lock(&calls[0].lock);
    over = 1;
    pthread_mutex_unlock(&calls[0].lock);
    pthread_join(operator_thread, NULL);
    for (size_t i = 0; i < CALLS; i++) {
        check(&calls[i]);
        bad |= calls[i].wrong[0] != 0;
        for (int which = 0; which < PBX_LEGS; which++) {
            free(calls[i].legs[which].sent);
            free(calls[i].legs[which].key);
            free(calls[i].legs[which].when);
            free(calls[i].legs[which].told);
        }
        free(calls[i].recorded);
        pthread_mutex_destroy(&calls[i].lock);
    }
    cardhush_module_unload(all);
    cardhush_module_unload(keyed);
    return bad;
}
