// The recording path of one call:
//
//     read leg ---> queue --+                                                     +--> recording, read left, write right
//                           +--> pairs --> cardhush_scrubber_process, in place ---+
//     write leg --> queue --+                                                     +--> audit lines
//
// The legs are copied, so the live call waits for nothing. What is recorded is written a look-ahead later, without the silence that the scrubber gives before
// its first sample: so the recording is as long as the call, and sample numbers of audit lines are those of the file.
//
// The legs come from different senders: one pauses, starts late, has a slower clock or longer frames. A queue holds back what one is ahead by, up to SKEW_MS; then
// the other gets silence. The legs must stay together: what a key masks on the other leg is the same time there, and what is found of its echo near that.
//
// `frame` and `command` allocate nothing; `open` takes memory that the module has, so it does not either. `open` wants 256 KiB of stack, the others 64.
//
// Anything but CARDHUSH_OK, from whichever call, and the rest of the recording is silence: what was not scrubbed is not stored.
#define _POSIX_C_SOURCE 200112L
#include "cardhush_hook.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RATE_HZ 48000
// What goes through the scrubber in one go.
#define PIECE_MS 20
// How far one leg may be ahead: jitter, and the longest frames in use. A leg that goes on for longer by itself is alone.
#define SKEW_MS 100
// Once in so long the legs are drawn together, if one was ahead by a piece and more all the time.
#define DRAW_MS 1000
// A key that signalling tells of is masked from so long before it is told of to so long behind: gateways let some of the tone pass before they know it, and events are told late.
#define KEY_GUARD_MS 120
// The end of a key that never comes is taken to have come after this.
#define KEY_MOST_MS 10000

#define PIECE_MOST (MAX_RATE_HZ / 1000 * PIECE_MS)
#define QUEUE_MOST (MAX_RATE_HZ / 1000 * (SKEW_MS + 2 * PIECE_MS))
#define EVENTS 16

struct leg {
    int16_t queue[QUEUE_MOST];
    size_t queued;
    size_t least;     // fewest that were queued since the legs were last drawn together
    int dry;          // it got silence, and comes back at the time of the other
    uint64_t key_start, key_end; // a key is down, until `key_end` at most; 0: none is
};

struct hook {
    struct cardhush_module *module;
    struct hook *next_free;
    struct pbx_call *call;
    cardhush_scrubber *scrubber;
    uint32_t rate_hz;
    size_t piece, skew;
    int begun;            // a frame has come
    enum pbx_leg first;   // the leg whose frames come before those of the other
    struct leg legs[PBX_LEGS];
    int16_t scratch[PBX_LEGS * PIECE_MOST];
    uint64_t fed;         // frames that went in
    uint64_t latency;     // frames that the scrubber holds
    uint64_t lead;        // frames of silence still to come out before the first
    uint64_t recorded;    // frames that were written
    uint64_t drawn;       // frames since the legs were drawn together
    int failed, refused;  // told of, each once
    int armed;
    // What was asked for, by other threads: a handle serves one at a time. `lock` is held for no longer than it takes to set them.
    pthread_mutex_t lock;
    int wish_armed, wish_rehearsal;
};

struct cardhush_module {
    cardhush_config settings;
    pthread_mutex_t lock;
    struct hook *free;
    struct hook *hooks;
    unsigned char *scrubbers;
    size_t scrubber_size, calls;
};

static size_t in_samples(const struct hook *hook, uint32_t ms)
{
    return (size_t)((uint64_t)hook->rate_hz * ms / 1000);
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

// Audio that a compiler does not see read again is overwritten all the same.
static void wipe(void *memory, size_t size)
{
    volatile unsigned char *byte = memory;
    while (size-- > 0)
        *byte++ = 0;
}

// Says whether all is well. If not, that is told of once, and stays so.
static int well(struct hook *hook, cardhush_status status)
{
    char line[160];
    if (status == CARDHUSH_OK)
        return !hook->failed;
    if (!hook->failed) {
        hook->failed = 1;
        snprintf(line, sizeof line, "cardhush: %s (%d): the recording is silence from frame %llu on", cardhush_status_string(status), (int)status,
                 (unsigned long long)hook->recorded);
        pbx_log(hook->call, PBX_WARNING, line);
    }
    return 0;
}

static void tell(struct hook *hook, const cardhush_event *event)
{
    char line[160], leg[8];
    const char *what;
    enum pbx_level level = PBX_WARNING;
    switch (event->kind) {
    case CARDHUSH_EVENT_REDACTED:
        what = "redacted";
        level = PBX_NOTICE;
        break;
    case CARDHUSH_EVENT_EXPOSED:
        what = "EXPOSED";
        break;
    case CARDHUSH_EVENT_LOST:
        what = "events LOST";
        break;
    default: // keys, whose number is nobody's business, and what later versions tell of
        return;
    }
    if (event->channel == CARDHUSH_ALL_CHANNELS)
        snprintf(leg, sizeof leg, "all");
    else
        snprintf(leg, sizeof leg, "%u", (unsigned)event->channel);
    snprintf(line, sizeof line, "cardhush: %s leg=%s start=%llu end=%llu cause=%s", what, leg, (unsigned long long)event->start,
             (unsigned long long)event->end, cardhush_cause_name(event->cause));
    pbx_log(hook->call, level, line);
}

// Also where the hook has failed: what was told of before the defect waits still.
static void tell_all(struct hook *hook)
{
    cardhush_event events[EVENTS];
    size_t waiting = 0;
    do {
        cardhush_status status = cardhush_scrubber_events(hook->scrubber, events, EVENTS, &waiting);
        if (status != CARDHUSH_OK) {
            well(hook, status);
            return;
        }
        for (size_t i = 0; i < waiting && i < EVENTS; i++)
            tell(hook, &events[i]);
    } while (waiting > EVENTS);
}

// A key of one leg; the scrubber masks the other with it, which may have its echo.
static void signalled(struct hook *hook, size_t which, uint64_t start, uint64_t end)
{
    if (!hook->failed)
        well(hook, cardhush_scrubber_signalled(hook->scrubber, which, start, end));
}

// Writes `frames` frames of the scratch to the recording. Silence, if anything ever went wrong: the scrubber does that in most cases, this in all.
static void record(struct hook *hook, size_t frames)
{
    size_t skip = hook->lead < frames ? (size_t)hook->lead : frames;
    if (hook->failed)
        memset(hook->scratch, 0, PBX_LEGS * frames * sizeof hook->scratch[0]);
    hook->lead -= skip;
    hook->recorded += frames - skip;
    if (skip < frames)
        pbx_record(hook->call, hook->scratch + PBX_LEGS * skip, frames - skip);
}

// Does what was asked for. Whoever asks at this very moment is served with the next piece.
static void obey(struct hook *hook)
{
    int armed, rehearsal;
    if (pthread_mutex_trylock(&hook->lock) != 0)
        return;
    armed = hook->wish_armed;
    rehearsal = hook->wish_rehearsal;
    pthread_mutex_unlock(&hook->lock);
    if (rehearsal && !hook->failed)
        well(hook, cardhush_scrubber_poison(hook->scrubber));
    if (armed != hook->armed && !hook->failed)
        well(hook, armed ? cardhush_scrubber_arm(hook->scrubber) : cardhush_scrubber_disarm(hook->scrubber));
    hook->armed = armed;
}

// Scrubs and records `frames` frames, a piece at most, off the heads of the queues; a leg that has fewer gets silence.
static void scrub(struct hook *hook, size_t frames)
{
    for (int i = 0; i < PBX_LEGS; i++) {
        struct leg *leg = &hook->legs[i];
        size_t have = leg->queued < frames ? leg->queued : frames;
        for (size_t at = 0; at < frames; at++)
            hook->scratch[PBX_LEGS * at + (size_t)i] = at < have ? leg->queue[at] : 0;
        leg->queued -= have;
        memmove(leg->queue, leg->queue + have, leg->queued * sizeof leg->queue[0]);
        wipe(leg->queue + leg->queued, have * sizeof leg->queue[0]);
        if (have < frames)
            leg->dry = 1;
        if (leg->key_end > hook->fed)
            signalled(hook, (size_t)i, hook->fed, hook->fed + frames + in_samples(hook, KEY_GUARD_MS));
    }
    obey(hook);
    if (!hook->failed)
        well(hook, cardhush_scrubber_process(hook->scrubber, hook->scratch, frames));
    hook->fed += frames;
    tell_all(hook);
    record(hook, frames);
}

// Adds silence to the end of a queue, as far as there is room.
static void pad(struct leg *leg, size_t samples)
{
    samples = smaller(samples, QUEUE_MOST - leg->queued);
    memset(leg->queue + leg->queued, 0, samples * sizeof leg->queue[0]);
    leg->queued += samples;
}

// A clock that is slower lets its leg fall behind, little by little.
static void draw_together(struct hook *hook, size_t frames)
{
    struct leg *read = &hook->legs[PBX_READ], *write = &hook->legs[PBX_WRITE];
    read->least = smaller(read->least, read->queued);
    write->least = smaller(write->least, write->queued);
    hook->drawn += frames;
    if (hook->drawn < in_samples(hook, DRAW_MS))
        return;
    if (read->least >= hook->piece && !write->dry)
        pad(write, read->least);
    if (write->least >= hook->piece && !read->dry)
        pad(read, write->least);
    read->least = write->least = QUEUE_MOST;
    hook->drawn = 0;
}

// Scrubs what both legs have, and of one alone what it is ahead by more than may be.
static void scrub_pairs(struct hook *hook)
{
    const struct leg *read = &hook->legs[PBX_READ], *write = &hook->legs[PBX_WRITE];
    for (;;) {
        size_t both = smaller(read->queued, write->queued), most = larger(read->queued, write->queued);
        size_t frames = both > 0 ? both : most > hook->skew ? most - hook->skew : 0;
        if (frames == 0)
            return;
        frames = smaller(frames, hook->piece);
        scrub(hook, frames);
        draw_together(hook, frames);
    }
}

// Takes samples of a leg, or silence where `data` is NULL: a piece at most, of a frame of which `rest` samples are still to be taken.
static void take(struct hook *hook, enum pbx_leg which, const int16_t *data, size_t samples, size_t rest)
{
    struct leg *leg = &hook->legs[which];
    const struct leg *other = &hook->legs[!which];
    if (leg->dry && leg->queued == 0) {
        // Its frame belongs beside the newest of the other, which comes before it or is still to come.
        size_t of_turn = which == hook->first ? 0 : rest;
        if (other->queued > of_turn)
            pad(leg, other->queued - of_turn);
    }
    leg->dry = 0;
    samples = smaller(samples, QUEUE_MOST - leg->queued);
    if (data == NULL) {
        pad(leg, samples);
    } else {
        memcpy(leg->queue + leg->queued, data, samples * sizeof data[0]);
        leg->queued += samples;
    }
    scrub_pairs(hook);
}

static void take_audio(struct hook *hook, enum pbx_leg which, const struct pbx_frame *frame)
{
    const int16_t *data = frame->kind == PBX_VOICE ? frame->data : NULL;
    size_t samples = frame->samples;
    if (!hook->begun) {
        hook->begun = 1;
        hook->first = which;
    }
    if (frame->rate_hz != hook->rate_hz) {
        // The file has one rate and the call is in the scrubber at that rate: a frame of another is recorded as silence of its length.
        if (data != NULL && !hook->refused) {
            hook->refused = 1;
            pbx_log(hook->call, PBX_WARNING, "cardhush: frames of another rate than the recording: recorded as silence");
        }
        data = NULL;
        samples = frame->rate_hz > 0 ? (size_t)((uint64_t)samples * hook->rate_hz / frame->rate_hz) : 0;
    }
    while (samples > 0) {
        size_t now = smaller(samples, hook->piece);
        take(hook, which, data, now, samples);
        if (data != NULL)
            data += now;
        samples -= now;
    }
}

// A key that signalling tells of goes whatever is heard.
static void take_key(struct hook *hook, enum pbx_leg which, const struct pbx_frame *frame)
{
    struct leg *leg = &hook->legs[which];
    // Now is where the newest sample of either leg is.
    uint64_t now = hook->fed + larger(hook->legs[PBX_READ].queued, hook->legs[PBX_WRITE].queued);
    uint64_t start = now, guard = in_samples(hook, KEY_GUARD_MS);
    if (frame->kind == PBX_KEY_BEGIN) {
        leg->key_start = now;
        leg->key_end = now + in_samples(hook, KEY_MOST_MS);
    } else {
        uint64_t lasted = in_samples(hook, frame->key_ms);
        start = now > lasted ? now - lasted : 0;
        if (leg->key_end != 0 && leg->key_start < start)
            start = leg->key_start;
        leg->key_end = 0;
    }
    signalled(hook, which, start > guard ? start - guard : 0, now + guard);
    tell_all(hook);
}

static void hook_frame(void *state, enum pbx_leg leg, const struct pbx_frame *frame)
{
    struct hook *hook = state;
    if (frame->kind == PBX_VOICE || frame->kind == PBX_SILENCE)
        take_audio(hook, leg, frame);
    else
        take_key(hook, leg, frame);
}

static void hook_command(void *state, enum pbx_command command)
{
    struct hook *hook = state;
    pthread_mutex_lock(&hook->lock);
    if (command == PBX_REHEARSE)
        hook->wish_rehearsal = 1;
    else
        hook->wish_armed = command == PBX_ARM;
    pthread_mutex_unlock(&hook->lock);
}

static struct hook *take_out(struct cardhush_module *module)
{
    struct hook *hook;
    pthread_mutex_lock(&module->lock);
    hook = module->free;
    if (hook != NULL)
        module->free = hook->next_free;
    pthread_mutex_unlock(&module->lock);
    return hook;
}

static void put_back(struct hook *hook)
{
    struct cardhush_module *module = hook->module;
    wipe(hook, sizeof *hook);
    pthread_mutex_lock(&module->lock);
    hook->next_free = module->free;
    module->free = hook;
    pthread_mutex_unlock(&module->lock);
}

// The memory of the scrubber that belongs to a hook: any alignment is right.
static void *memory_of(const struct cardhush_module *module, const struct hook *hook)
{
    return module->scrubbers + (size_t)(hook - module->hooks) * module->scrubber_size;
}

static void *hook_open(void *argument, struct pbx_call *call)
{
    struct cardhush_module *module = argument;
    cardhush_config settings = module->settings;
    const char *armed = pbx_variable(call, "cardhush_armed");
    char line[160];
    cardhush_status status;
    struct hook *hook = take_out(module);
    if (hook == NULL) {
        pbx_log(call, PBX_WARNING, "cardhush: more calls than the module has memory for: not recorded");
        return NULL;
    }
    hook->module = module;
    hook->call = call;
    hook->rate_hz = settings.rate_hz = pbx_rate(call);
    status = hook->rate_hz <= MAX_RATE_HZ ? cardhush_scrubber_init(&settings, memory_of(module, hook), module->scrubber_size, &hook->scrubber)
                                          : CARDHUSH_ERR_RATE;
    if (status == CARDHUSH_OK && (status = cardhush_scrubber_latency(hook->scrubber, &hook->latency)) != CARDHUSH_OK)
        cardhush_scrubber_free(hook->scrubber);
    if (status != CARDHUSH_OK || pthread_mutex_init(&hook->lock, NULL) != 0) {
        snprintf(line, sizeof line, "cardhush: %s (%d): not recorded", cardhush_status_string(status), (int)status);
        pbx_log(call, PBX_WARNING, line);
        put_back(hook);
        return NULL;
    }
    hook->lead = hook->latency;
    hook->piece = in_samples(hook, PIECE_MS);
    hook->skew = in_samples(hook, SKEW_MS);
    for (int i = 0; i < PBX_LEGS; i++) {
        hook->legs[i].least = QUEUE_MOST;
        hook->legs[i].dry = 1;
    }
    hook->wish_armed = armed != NULL && strcmp(armed, "true") == 0;
    return hook;
}

// The call is over: what is queued goes in, what is held comes out.
static void hook_close(void *state)
{
    struct hook *hook = state;
    size_t frames;
    while ((frames = larger(hook->legs[PBX_READ].queued, hook->legs[PBX_WRITE].queued)) > 0)
        scrub(hook, smaller(frames, hook->piece));
    for (uint64_t left = hook->latency; left > 0; left -= frames) {
        frames = left < hook->piece ? (size_t)left : hook->piece;
        if (!hook->failed)
            well(hook, cardhush_scrubber_finish(hook->scrubber, hook->scratch, frames));
        tell_all(hook);
        record(hook, frames);
    }
    pthread_mutex_destroy(&hook->lock);
    if (cardhush_scrubber_free(hook->scrubber) == CARDHUSH_OK)
        put_back(hook);
    else // its memory may be in use still: nobody else gets it
        pbx_log(hook->call, PBX_WARNING, "cardhush: a scrubber cannot be freed");
}

struct cardhush_module *cardhush_module_load(const cardhush_config *settings, size_t calls, cardhush_status *status)
{
    struct cardhush_module *module = calloc(1, sizeof *module);
    *status = CARDHUSH_ERR_NO_MEMORY;
    if (module == NULL)
        return NULL;
    module->settings = *settings;
    module->settings.channels = PBX_LEGS;
    module->settings.coding = CARDHUSH_CODING_LINEAR16;
    module->calls = calls;
    if ((*status = cardhush_check_abi(CARDHUSH_ABI)) == CARDHUSH_OK)
        *status = cardhush_scrubber_size(&module->settings, &module->scrubber_size);
    if (*status == CARDHUSH_OK) {
        module->hooks = calloc(calls, sizeof module->hooks[0]);
        module->scrubbers = calloc(calls, module->scrubber_size);
        if (module->hooks == NULL || module->scrubbers == NULL || pthread_mutex_init(&module->lock, NULL) != 0)
            *status = CARDHUSH_ERR_NO_MEMORY;
    }
    if (*status != CARDHUSH_OK) {
        free(module->scrubbers);
        free(module->hooks);
        free(module);
        return NULL;
    }
    for (size_t i = 0; i < calls; i++) {
        module->hooks[i].next_free = module->free;
        module->free = &module->hooks[i];
    }
    return module;
}

void cardhush_module_unload(struct cardhush_module *module)
{
    if (module == NULL)
        return;
    pthread_mutex_destroy(&module->lock);
    free(module->scrubbers);
    free(module->hooks);
    free(module);
}

const struct pbx_hook_type cardhush_hook_type = {"cardhush", hook_open, hook_frame, hook_command, hook_close};
