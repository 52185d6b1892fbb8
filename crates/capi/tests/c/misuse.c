/* Every function with every kind of misuse: a status each, never a crash. Prints a table; exits with 1 where a status is another than it must be. */
#include <cardhush.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum how { NULLS, ZERO, HUGE_NUMBERS, MISALIGNED, OLD_STRUCT, NEWER_STRUCT, NEWER_AND_SET, UNKNOWN_VALUE, FINE, HOWS };
static const char *const HOW[] = {"NULL", "zero", "huge", "misaligned", "old struct", "newer", "newer+set", "unknown"};
enum { NOT_APPLICABLE = 1000, FRAMES = 160, BIG = 64 };

/* As the library's structures may look some day. */
typedef struct { cardhush_config known; uint8_t newer[BIG]; } newer_config;
typedef struct { cardhush_session_config known; uint8_t newer[BIG]; } newer_session_config;

static newer_config stream_config;
static newer_session_config call_config;
static int16_t samples[2 * FRAMES + 1];
static cardhush_event events[8];
static cardhush_packet packet_out;
static uint64_t number[2];
static size_t size_out[2];
static void *handle_out[2];
static uint8_t rtp[12 + FRAMES + 8];
static uint8_t *memory;
static size_t memory_size;
static uint64_t channel;

/* A pointer that is not aligned for anything, within memory that is there. */
static void *crooked(void *pointer) { return (uint8_t *)pointer + 1; }

static const cardhush_config *config_for(enum how how)
{
    memset(&stream_config, 0, sizeof stream_config);
    cardhush_config_init(&stream_config.known, sizeof stream_config.known);
    stream_config.known.look_ahead_ms = 100;
    stream_config.known.spoken = CARDHUSH_SPOKEN_OFF;
    switch (how) {
    case NULLS: return NULL;
    case ZERO: stream_config.known.struct_size = 0; break;
    case HUGE_NUMBERS: stream_config.known.struct_size = UINT32_MAX; break;
    case MISALIGNED: return crooked(&stream_config);
    case OLD_STRUCT: stream_config.known.struct_size = 8; break;
    case NEWER_STRUCT: stream_config.known.struct_size = sizeof stream_config; break;
    case NEWER_AND_SET: stream_config.known.struct_size = sizeof stream_config; stream_config.newer[BIG - 1] = 1; break;
    case UNKNOWN_VALUE: stream_config.known.fill = 77; break;
    default: break;
    }
    return &stream_config.known;
}

static const cardhush_session_config *session_config_for(enum how how)
{
    memset(&call_config, 0, sizeof call_config);
    cardhush_session_config_init(&call_config.known, sizeof call_config.known);
    call_config.known.spoken = CARDHUSH_SPOKEN_OFF;
    switch (how) {
    case NULLS: return NULL;
    case ZERO: call_config.known.struct_size = 0; break;
    case HUGE_NUMBERS: call_config.known.struct_size = UINT32_MAX; break;
    case MISALIGNED: return crooked(&call_config);
    case OLD_STRUCT: call_config.known.struct_size = 8; break;
    case NEWER_STRUCT: call_config.known.struct_size = sizeof call_config; break;
    case NEWER_AND_SET: call_config.known.struct_size = sizeof call_config; call_config.newer[BIG - 1] = 1; break;
    case UNKNOWN_VALUE: call_config.known.events = -3; break;
    default: break;
    }
    return &call_config.known;
}

/* What a structure's misuse must give. */
static int of_struct(enum how how)
{
    static const int must[] = {CARDHUSH_ERR_NULL, CARDHUSH_ERR_STRUCT_SIZE, CARDHUSH_ERR_STRUCT_SIZE, CARDHUSH_ERR_ALIGNMENT, CARDHUSH_ERR_STRUCT_SIZE,
                               CARDHUSH_OK, CARDHUSH_ERR_STRUCT_SIZE, CARDHUSH_ERR_VALUE, CARDHUSH_OK};
    return must[how];
}

/* One try: what the function said, and what it must say. */
typedef struct { int said, must; } try;
typedef try function(void *handle, enum how how);

static try none(void) { try t = {NOT_APPLICABLE, NOT_APPLICABLE}; return t; }
static try said(int said, int must) { try t = {said, must}; return t; }

/* Pointer arguments: NULL or misaligned; anything else is fine. */
static int of_pointer(enum how how) { return how == NULLS ? CARDHUSH_ERR_NULL : how == MISALIGNED ? CARDHUSH_ERR_ALIGNMENT : CARDHUSH_OK; }
static void *out_for(enum how how, void *out) { return how == NULLS ? NULL : how == MISALIGNED ? crooked(out) : out; }

/* A function that takes a handle and one pointer, or none. */
#define ONLY_HANDLE(NAME, TYPE) \
    static try NAME##_(void *handle, enum how how) { return how == FINE ? said(NAME((TYPE *)handle), CARDHUSH_OK) : none(); }
#define ONE_POINTER(NAME, TYPE, OUT) \
    static try NAME##_(void *handle, enum how how) \
    { return how <= MISALIGNED && how != ZERO && how != HUGE_NUMBERS ? said(NAME((TYPE *)handle, out_for(how, OUT)), of_pointer(how)) \
             : how == FINE ? said(NAME((TYPE *)handle, OUT), CARDHUSH_OK) : none(); }
#define EVENTS(NAME, TYPE) \
    static try NAME##_(void *handle, enum how how) \
    { \
        switch (how) { \
        case NULLS: return said(NAME((TYPE *)handle, NULL, 8, size_out), CARDHUSH_ERR_NULL); \
        case ZERO: return said(NAME((TYPE *)handle, NULL, 0, size_out), CARDHUSH_OK); \
        case HUGE_NUMBERS: return said(NAME((TYPE *)handle, events, SIZE_MAX, size_out), CARDHUSH_ERR_LENGTH); \
        case MISALIGNED: return said(NAME((TYPE *)handle, crooked(events), 4, size_out), CARDHUSH_ERR_ALIGNMENT); \
        case UNKNOWN_VALUE: return said(NAME((TYPE *)handle, events, 8, NULL), CARDHUSH_ERR_NULL); \
        case FINE: return said(NAME((TYPE *)handle, events, 8, size_out), CARDHUSH_OK); \
        default: return none(); \
        } \
    }
#define SAMPLES(NAME) \
    static try NAME##_(void *handle, enum how how) \
    { \
        switch (how) { \
        case NULLS: return said(NAME(handle, NULL, FRAMES), CARDHUSH_ERR_NULL); \
        case ZERO: return said(NAME(handle, NULL, 0), CARDHUSH_OK); \
        case HUGE_NUMBERS: return said(NAME(handle, samples, SIZE_MAX), CARDHUSH_ERR_LENGTH); \
        case MISALIGNED: return said(NAME(handle, crooked(samples), FRAMES), CARDHUSH_ERR_ALIGNMENT); \
        case FINE: return said(NAME(handle, samples, FRAMES), CARDHUSH_OK); \
        default: return none(); \
        } \
    }

ONLY_HANDLE(cardhush_scrubber_arm, cardhush_scrubber)
ONLY_HANDLE(cardhush_scrubber_disarm, cardhush_scrubber)
ONLY_HANDLE(cardhush_scrubber_reset, cardhush_scrubber)
static try cardhush_session_arm_(void *handle, enum how how)
{
    return how == ZERO ? said(cardhush_session_arm(handle, 0), CARDHUSH_OK) : how == HUGE_NUMBERS ? said(cardhush_session_arm(handle, UINT64_MAX), CARDHUSH_OK)
         : how == FINE ? said(cardhush_session_arm(handle, 1), CARDHUSH_OK) : none();
}
ONE_POINTER(cardhush_scrubber_latency, cardhush_scrubber, number)
ONE_POINTER(cardhush_session_latency_ms, cardhush_session, number)
ONE_POINTER(cardhush_session_origin_us, cardhush_session, (int64_t *)number)
EVENTS(cardhush_scrubber_events, cardhush_scrubber)
EVENTS(cardhush_session_events, cardhush_session)
SAMPLES(cardhush_scrubber_process)
SAMPLES(cardhush_scrubber_finish)

static try cardhush_scrubber_mask_(void *handle, enum how how)
{
    switch (how) {
    case ZERO: return said(cardhush_scrubber_mask(handle, 0, 0, 0), CARDHUSH_ERR_VALUE);
    case HUGE_NUMBERS: return said(cardhush_scrubber_mask(handle, 0, UINT64_MAX - 1, UINT64_MAX), CARDHUSH_OK);
    case UNKNOWN_VALUE: return said(cardhush_scrubber_mask(handle, 200, 1, 2), CARDHUSH_ERR_CHANNEL);
    case FINE: return said(cardhush_scrubber_mask(handle, CARDHUSH_ALL_CHANNELS, 1, 2), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_scrubber_signalled_(void *handle, enum how how)
{
    switch (how) {
    case ZERO: return said(cardhush_scrubber_signalled(handle, 0, 0, 0), CARDHUSH_ERR_VALUE);
    case HUGE_NUMBERS: return said(cardhush_scrubber_signalled(handle, 0, UINT64_MAX - 1, UINT64_MAX), CARDHUSH_OK);
    case UNKNOWN_VALUE: return said(cardhush_scrubber_signalled(handle, 8, 1, 2), CARDHUSH_ERR_CHANNEL);
    case FINE: return said(cardhush_scrubber_signalled(handle, CARDHUSH_ALL_CHANNELS, 1, 2), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_session_add_(void *handle, enum how how)
{
    cardhush_format formats[9];
    memset(formats, 0, sizeof formats);
    switch (how) {
    case NULLS: return said(cardhush_session_add(handle, NULL, 1, &channel), CARDHUSH_ERR_NULL);
    case ZERO: return said(cardhush_session_add(handle, formats, 0, number), CARDHUSH_ERR_FORMATS);
    case HUGE_NUMBERS: return said(cardhush_session_add(handle, formats, SIZE_MAX, number), CARDHUSH_ERR_FORMATS);
    case MISALIGNED: return said(cardhush_session_add(handle, crooked(formats), 1, number), CARDHUSH_ERR_ALIGNMENT);
    case UNKNOWN_VALUE: formats[0].payload = 99; return said(cardhush_session_add(handle, formats, 1, number), CARDHUSH_ERR_VALUE);
    case FINE: return said(cardhush_session_add(handle, NULL, 0, &channel), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_session_receive_(void *handle, enum how how)
{
    static uint64_t now;
    rtp[0] = 0x80;
    switch (how) {
    case NULLS: return said(cardhush_session_receive(handle, channel, now, NULL, sizeof rtp, 0), CARDHUSH_ERR_NULL);
    case ZERO: return said(cardhush_session_receive(handle, channel, now, rtp, 0, 0), CARDHUSH_ERR_PACKET);
    case HUGE_NUMBERS: return said(cardhush_session_receive(handle, channel, now, rtp, SIZE_MAX / 4, 0), CARDHUSH_ERR_LENGTH);
    case MISALIGNED: return said(cardhush_session_receive(handle, channel, now, rtp + 1, sizeof rtp - 1, 0), CARDHUSH_ERR_PACKET);
    case UNKNOWN_VALUE: return said(cardhush_session_receive(handle, UINT64_MAX, now, rtp, sizeof rtp, 0), CARDHUSH_ERR_CHANNEL);
    case FINE: return said(cardhush_session_receive(handle, channel, now, rtp, 12 + FRAMES, 0), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_session_next_(void *handle, enum how how)
{
    cardhush_packet out[2];
    switch (how) {
    case NULLS: return said(cardhush_session_next(handle, NULL), CARDHUSH_ERR_NULL);
    case MISALIGNED: return said(cardhush_session_next(handle, crooked(out)), CARDHUSH_ERR_ALIGNMENT);
    case FINE: return said(cardhush_session_next(handle, &packet_out), CARDHUSH_NONE);
    default: return none();
    }
}

static try cardhush_session_remove_(void *handle, enum how how)
{
    return how == UNKNOWN_VALUE ? said(cardhush_session_remove(handle, 12345), CARDHUSH_ERR_CHANNEL) : how == FINE ? said(cardhush_session_remove(handle, channel), CARDHUSH_OK) : none();
}

static try cardhush_session_advance_(void *handle, enum how how)
{
    return how == ZERO ? said(cardhush_session_advance(handle, 0), CARDHUSH_OK) : how == HUGE_NUMBERS ? said(cardhush_session_advance(handle, UINT64_MAX), CARDHUSH_OK)
         : how == FINE ? said(cardhush_session_advance(handle, 1), CARDHUSH_OK) : none();
}

static try cardhush_session_disarm_(void *handle, enum how how)
{
    return how == ZERO ? said(cardhush_session_disarm(handle, 0), CARDHUSH_OK) : how == HUGE_NUMBERS ? said(cardhush_session_disarm(handle, UINT64_MAX), CARDHUSH_OK)
         : how == FINE ? said(cardhush_session_disarm(handle, 1), CARDHUSH_OK) : none();
}

static try cardhush_session_mask_(void *handle, enum how how)
{
    switch (how) {
    case ZERO: return said(cardhush_session_mask(handle, channel, 0, 0), CARDHUSH_ERR_VALUE);
    case HUGE_NUMBERS: return said(cardhush_session_mask(handle, CARDHUSH_ALL_CHANNELS, UINT64_MAX - 1, UINT64_MAX), CARDHUSH_OK);
    case UNKNOWN_VALUE: return said(cardhush_session_mask(handle, 999999, 1, 2), CARDHUSH_ERR_CHANNEL);
    case FINE: return said(cardhush_session_mask(handle, CARDHUSH_ALL_CHANNELS, 1, 2), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_session_signalled_(void *handle, enum how how)
{
    switch (how) {
    case ZERO: return said(cardhush_session_signalled(handle, channel, 0, 0), CARDHUSH_ERR_VALUE);
    case HUGE_NUMBERS: return said(cardhush_session_signalled(handle, channel, UINT64_MAX - 1, UINT64_MAX), CARDHUSH_OK);
    case UNKNOWN_VALUE: return said(cardhush_session_signalled(handle, 999999, 1, 2), CARDHUSH_ERR_CHANNEL);
    case FINE: return said(cardhush_session_signalled(handle, CARDHUSH_ALL_CHANNELS, 1, 2), CARDHUSH_OK);
    default: return none();
    }
}

static try cardhush_session_finish_(void *handle, enum how how) { return how == FINE ? said(cardhush_session_finish(handle), CARDHUSH_OK) : none(); }

static const struct { const char *name; function *call; int session; } OF_HANDLES[] = {
#define ROW(NAME, SESSION) {#NAME, NAME##_, SESSION}
    ROW(cardhush_scrubber_process, 0), ROW(cardhush_scrubber_events, 0), ROW(cardhush_scrubber_latency, 0), ROW(cardhush_scrubber_arm, 0),
    ROW(cardhush_scrubber_disarm, 0), ROW(cardhush_scrubber_mask, 0), ROW(cardhush_scrubber_signalled, 0), ROW(cardhush_scrubber_finish, 0), ROW(cardhush_scrubber_reset, 0),
    ROW(cardhush_session_add, 1), ROW(cardhush_session_receive, 1), ROW(cardhush_session_advance, 1), ROW(cardhush_session_next, 1), ROW(cardhush_session_events, 1),
    ROW(cardhush_session_latency_ms, 1), ROW(cardhush_session_origin_us, 1), ROW(cardhush_session_arm, 1), ROW(cardhush_session_disarm, 1), ROW(cardhush_session_mask, 1), ROW(cardhush_session_signalled, 1),
    ROW(cardhush_session_remove, 1), ROW(cardhush_session_finish, 1),
};

/* Functions without a handle that is open. */
static try cardhush_config_init_(enum how how)
{
    static const size_t size[HOWS] = {sizeof(cardhush_config), 0, SIZE_MAX, sizeof(cardhush_config), 8, sizeof stream_config, sizeof stream_config, sizeof(cardhush_config), sizeof(cardhush_config)};
    if (how == NEWER_AND_SET || how == UNKNOWN_VALUE) return none();
    return said(cardhush_config_init(out_for(how, &stream_config.known), size[how]), of_struct(how));
}

static try cardhush_session_config_init_(enum how how)
{
    static const size_t size[HOWS] = {sizeof(cardhush_session_config), 0, SIZE_MAX, sizeof(cardhush_session_config), 8, sizeof call_config, sizeof call_config, sizeof(cardhush_session_config), sizeof(cardhush_session_config)};
    if (how == NEWER_AND_SET || how == UNKNOWN_VALUE) return none();
    return said(cardhush_session_config_init(out_for(how, &call_config.known), size[how]), of_struct(how));
}

static try cardhush_scrubber_size_(enum how how) { return said(cardhush_scrubber_size(config_for(how), size_out), of_struct(how)); }
/* Where a call succeeds it may write: what it wrote is looked at by its own test. */
static try cardhush_scan_size_(enum how how) { return said(cardhush_scan_size(config_for(how), size_out), of_struct(how)); }

static try cardhush_scrubber_new_(enum how how)
{
    cardhush_scrubber *scrubber = NULL;
    try t = said(cardhush_scrubber_new(config_for(how), &scrubber), of_struct(how));
    if ((t.said == CARDHUSH_OK) != (scrubber != NULL)) t.must = 77;
    cardhush_scrubber_free(scrubber);
    return t;
}

static try cardhush_scrubber_init_(enum how how)
{
    cardhush_scrubber *scrubber = NULL;
    try t = said(cardhush_scrubber_init(config_for(how), memory, memory_size, &scrubber), of_struct(how));
    cardhush_scrubber_free(scrubber);
    return t;
}

static try cardhush_session_new_(enum how how)
{
    cardhush_session *session = NULL;
    try t = said(cardhush_session_new(session_config_for(how), 0, &session), of_struct(how));
    cardhush_session_free(session);
    return t;
}

static try cardhush_scan_(enum how how)
{
    return said(cardhush_scan(config_for(how), memory, memory_size, samples, FRAMES, events, 8, size_out), of_struct(how));
}

/* The other pointers and numbers of those functions. */
static try out_of_new(enum how how)
{
    return how == NULLS || how == MISALIGNED ? said(cardhush_scrubber_new(config_for(FINE), out_for(how, handle_out)), of_pointer(how)) : none();
}

static try out_of_size(enum how how)
{
    return how == NULLS || how == MISALIGNED ? said(cardhush_scrubber_size(config_for(FINE), out_for(how, size_out)), of_pointer(how)) : none();
}

static try out_of_session_new(enum how how)
{
    return how == NULLS || how == MISALIGNED ? said(cardhush_session_new(session_config_for(FINE), 0, out_for(how, handle_out)), of_pointer(how)) : none();
}

static try memory_of_init(enum how how)
{
    cardhush_scrubber *scrubber = NULL;
    try t;
    switch (how) {
    case NULLS: return said(cardhush_scrubber_init(config_for(FINE), NULL, memory_size, &scrubber), CARDHUSH_ERR_NULL);
    case ZERO: return said(cardhush_scrubber_init(config_for(FINE), memory, 0, &scrubber), CARDHUSH_ERR_MEMORY);
    case OLD_STRUCT: return said(cardhush_scrubber_init(config_for(FINE), memory, memory_size - 1024, &scrubber), CARDHUSH_ERR_MEMORY);
    case MISALIGNED: t = said(cardhush_scrubber_init(config_for(FINE), memory + 1, memory_size, &scrubber), CARDHUSH_OK); break;
    case HUGE_NUMBERS: t = said(cardhush_scrubber_init(config_for(FINE), memory, SIZE_MAX, &scrubber), CARDHUSH_OK); break;
    default: return none();
    }
    cardhush_scrubber_free(scrubber);
    return t;
}

static try buffers_of_scan(enum how how)
{
    const cardhush_config *config = config_for(FINE);
    switch (how) {
    case NULLS: return said(cardhush_scan(config, NULL, 0, NULL, FRAMES, events, 8, size_out), CARDHUSH_ERR_NULL);
    case ZERO: return said(cardhush_scan(config, NULL, 0, NULL, 0, NULL, 0, size_out), CARDHUSH_OK);
    case HUGE_NUMBERS: return said(cardhush_scan(config, NULL, 0, samples, SIZE_MAX, events, 8, size_out), CARDHUSH_ERR_LENGTH);
    case MISALIGNED: return said(cardhush_scan(config, NULL, 0, crooked(samples), FRAMES, events, 8, size_out), CARDHUSH_ERR_ALIGNMENT);
    case OLD_STRUCT: return said(cardhush_scan(config, memory, 100, samples, FRAMES, events, 8, size_out), CARDHUSH_ERR_MEMORY);
    default: return none();
    }
}

static try settings(enum how how)
{
    static const struct { uint32_t rate_hz, channels, look_ahead_ms; int must; } WRONG[] = {
        {7999, 1, 0, CARDHUSH_ERR_RATE}, {0, 1, 0, CARDHUSH_ERR_RATE}, {UINT32_MAX, 1, 0, CARDHUSH_ERR_RATE}, {8000, 0, 0, CARDHUSH_ERR_CHANNELS},
        {8000, 9, 0, CARDHUSH_ERR_CHANNELS}, {8000, 257, 0, CARDHUSH_ERR_CHANNELS}, {8000, 1, 60001, CARDHUSH_ERR_LOOK_AHEAD}, {8000, 1, UINT32_MAX - 1, CARDHUSH_ERR_LOOK_AHEAD}};
    size_t i;
    if (how != UNKNOWN_VALUE) return none();
    for (i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        config_for(FINE);
        stream_config.known.rate_hz = WRONG[i].rate_hz;
        stream_config.known.channels = WRONG[i].channels;
        stream_config.known.look_ahead_ms = WRONG[i].look_ahead_ms;
        int status = cardhush_scrubber_size(&stream_config.known, size_out);
        if (status != WRONG[i].must) return said(status, WRONG[i].must);
    }
    for (i = 3; i < 10; i++) { /* coding, keyed, spoken, linking, fill, and isa behind the look-ahead */
        config_for(FINE);
        if (i == 8) continue;
        ((int32_t *)&stream_config.known)[i] = i % 2 ? -1 : 1000;
        int status = cardhush_scrubber_size(&stream_config.known, size_out);
        if (status != CARDHUSH_ERR_VALUE) return said(status, CARDHUSH_ERR_VALUE);
    }
    config_for(FINE);
    stream_config.known.spoken = CARDHUSH_SPOKEN_CARD;
    stream_config.known.model_size = 15;
    if (cardhush_scrubber_size(&stream_config.known, size_out) != CARDHUSH_ERR_MODEL) return said(0, CARDHUSH_ERR_MODEL);
    stream_config.known.model = "no model at all";
    stream_config.known.model_size = 15;
    return said(cardhush_scrubber_size(&stream_config.known, size_out), CARDHUSH_ERR_MODEL);
}

static const struct { const char *name; try (*call)(enum how); } OF_NONE[] = {
    {"cardhush_config_init", cardhush_config_init_}, {"cardhush_session_config_init", cardhush_session_config_init_}, {"cardhush_scrubber_size", cardhush_scrubber_size_},
    {"cardhush_scrubber_new", cardhush_scrubber_new_}, {"cardhush_scrubber_init", cardhush_scrubber_init_}, {"cardhush_session_new", cardhush_session_new_},
    {"cardhush_scan_size", cardhush_scan_size_}, {"cardhush_scan", cardhush_scan_}, {"..._scrubber_new, out", out_of_new}, {"..._scrubber_size, out", out_of_size},
    {"..._session_new, out", out_of_session_new}, {"..._scrubber_init, memory", memory_of_init}, {"..._scan, buffers", buffers_of_scan}, {"every setting", settings},
};

static int wrong, tried;

static const char *name_of(int status)
{
    static const char *const NAMES[] = {"OK", "NULL", "HANDLE", "BUSY", "POISONED", "STRUCT_SIZE", "ABI", "RATE", "CHANNELS", "LOOK_AHEAD", "VALUE", "MEMORY", "NO_MEMORY", "ALIGNMENT", "LENGTH",
        "FINISHED", "MODEL", "HANDLES", "WAIT", "FULL", "FORMATS", "CHANNEL", "PACKET", "RTCP", "PAYLOAD_TYPE", "ENCRYPTED", "FLOODED", "PENDING"};
    return status == NOT_APPLICABLE ? "." : status == CARDHUSH_NONE ? "NONE" : status <= 0 && status > -(int)(sizeof NAMES / sizeof NAMES[0]) ? NAMES[-status] : "?";
}

/* Results are written on success alone: what a failed call was given to write to is as it was. */
static void stain(void) { memset(events, 0xA5, sizeof events); memset(number, 0xA5, sizeof number); memset(size_out, 0xA5, sizeof size_out); memset(handle_out, 0xA5, sizeof handle_out); memset(&packet_out, 0xA5, sizeof packet_out); }
static int stained_through(const void *memory, size_t size) { const uint8_t *byte = memory; while (size > 0 && *byte == 0xA5) byte++, size--; return size == 0; }
static int is_stained(void)
{
    return stained_through(events, sizeof events) && stained_through(number, sizeof number) && stained_through(size_out, sizeof size_out) && stained_through(handle_out, sizeof handle_out)
        && stained_through(&packet_out, sizeof packet_out);
}

/* What a failed call leaves of samples that it knew: silence. */
static void check_silence(try t, function *call, int knew);

static void cell(try t)
{
    if (t.said < 0 && t.said != NOT_APPLICABLE && !is_stained()) { printf(" WRITTEN!"); wrong++; }
    stain();
    printf(" %-11s%s", name_of(t.said), t.said == t.must ? " " : "!");
    wrong += t.said != t.must;
    tried += t.said != NOT_APPLICABLE;
}

static cardhush_scrubber *open_scrubber(void)
{
    cardhush_scrubber *scrubber = NULL;
    if (cardhush_scrubber_new(config_for(FINE), &scrubber) != CARDHUSH_OK) exit(2);
    return scrubber;
}

static cardhush_session *open_session(void)
{
    cardhush_session *session = NULL;
    if (cardhush_session_new(session_config_for(FINE), 0, &session) != CARDHUSH_OK || cardhush_session_add(session, NULL, 0, &channel) != CARDHUSH_OK) exit(2);
    return session;
}

/* Events that were told before a defect can be fetched after it. */
static int is_events(function *call) { return call == cardhush_scrubber_events_ || call == cardhush_session_events_; }

/* From the second sample on: misaligned ones begin a byte late. */
static int is_silent(void)
{
    size_t i;
    for (i = 1; i < FRAMES; i++) if (samples[i] != 0) return 0;
    return 1;
}

static void check_silence(try t, function *call, int knew)
{
    if (t.said >= 0 || !knew || (call != cardhush_scrubber_process_ && call != cardhush_scrubber_finish_)) return;
    if (!is_silent()) { printf(" NOT SILENT!"); wrong++; }
}

int main(void)
{
    size_t i, how;
    if (cardhush_check_abi(CARDHUSH_ABI) != CARDHUSH_OK || cardhush_check_abi(CARDHUSH_ABI + 1) != CARDHUSH_ERR_ABI || cardhush_version()[0] == 0) return 1;
    if (cardhush_scrubber_size(config_for(FINE), &memory_size) != CARDHUSH_OK) return 1;
    memory = malloc(memory_size + 1);
    if (!memory) return 1;

    stain();
    printf("%-32s", "");
    for (how = 0; how < FINE; how++) printf(" %-12s", HOW[how]);
    printf("\n");
    for (i = 0; i < sizeof OF_NONE / sizeof OF_NONE[0]; i++) {
        printf("%-32s", OF_NONE[i].name);
        for (how = 0; how < FINE; how++) cell(OF_NONE[i].call((enum how)how));
        printf("\n");
    }
    for (i = 0; i < sizeof OF_HANDLES / sizeof OF_HANDLES[0]; i++) {
        printf("%-32s", OF_HANDLES[i].name);
        for (how = 0; how < FINE; how++) {
            void *handle = OF_HANDLES[i].session ? (void *)open_session() : (void *)open_scrubber();
            memset(samples, 1, sizeof samples);
            {
                try t = OF_HANDLES[i].call(handle, (enum how)how);
                check_silence(t, OF_HANDLES[i].call, how == MISALIGNED);
                cell(t);
            }
            if (OF_HANDLES[i].session) cardhush_session_free(handle); else cardhush_scrubber_free(handle);
        }
        printf("\n");
    }

    printf("\n%-32s %-12s %-12s %-12s %-12s %-12s %-12s\n", "handle", "good", "NULL", "garbage", "freed", "other kind", "poisoned");
    for (i = 0; i < sizeof OF_HANDLES / sizeof OF_HANDLES[0]; i++) {
        int session = OF_HANDLES[i].session;
        void *other = session ? (void *)open_scrubber() : (void *)open_session(), *spoilt = session ? (void *)open_session() : (void *)open_scrubber();
        void *freed = session ? (void *)open_session() : (void *)open_scrubber();
        /* The last, so that `channel` is one of its own. */
        void *good = session ? (void *)open_session() : (void *)open_scrubber();
        try t;
        if (session) { cardhush_session_free(freed); cardhush_session_poison(spoilt); } else { cardhush_scrubber_free(freed); cardhush_scrubber_poison(spoilt); }
        printf("%-32s", OF_HANDLES[i].name);
        cell(OF_HANDLES[i].call(good, FINE));
        t = OF_HANDLES[i].call(NULL, FINE); t.must = CARDHUSH_ERR_HANDLE; cell(t);
        t = OF_HANDLES[i].call(samples, FINE); t.must = CARDHUSH_ERR_HANDLE; cell(t);
        t = OF_HANDLES[i].call(freed, FINE); t.must = CARDHUSH_ERR_HANDLE; cell(t);
        t = OF_HANDLES[i].call(other, FINE); t.must = CARDHUSH_ERR_HANDLE; cell(t);
        memset(samples, 1, sizeof samples);
        t = OF_HANDLES[i].call(spoilt, FINE); check_silence(t, OF_HANDLES[i].call, 1); t.must = is_events(OF_HANDLES[i].call) ? CARDHUSH_OK : CARDHUSH_ERR_POISONED; cell(t);
        printf("\n");
        if (session) { cardhush_session_free(good); cardhush_session_free(spoilt); cardhush_scrubber_free(other); }
        else { cardhush_scrubber_free(good); cardhush_scrubber_free(spoilt); cardhush_session_free(other); }
    }
    {
        cardhush_scrubber *scrubber = open_scrubber();
        cardhush_session *session = open_session();
        printf("%-32s", "cardhush_scrubber_free");
        cell(said(cardhush_scrubber_free(scrubber), CARDHUSH_OK)); cell(said(cardhush_scrubber_free(NULL), CARDHUSH_OK));
        cell(said(cardhush_scrubber_free((cardhush_scrubber *)samples), CARDHUSH_ERR_HANDLE)); cell(said(cardhush_scrubber_free(scrubber), CARDHUSH_ERR_HANDLE));
        cell(said(cardhush_scrubber_free((cardhush_scrubber *)session), CARDHUSH_ERR_HANDLE));
        scrubber = open_scrubber(); cardhush_scrubber_poison(scrubber); cell(said(cardhush_scrubber_free(scrubber), CARDHUSH_OK));
        printf("\n%-32s", "cardhush_session_free");
        scrubber = open_scrubber();
        cell(said(cardhush_session_free(session), CARDHUSH_OK)); cell(said(cardhush_session_free(NULL), CARDHUSH_OK));
        cell(said(cardhush_session_free((cardhush_session *)samples), CARDHUSH_ERR_HANDLE)); cell(said(cardhush_session_free(session), CARDHUSH_ERR_HANDLE));
        cell(said(cardhush_session_free((cardhush_session *)scrubber), CARDHUSH_ERR_HANDLE));
        session = open_session(); cardhush_session_poison(session); cell(said(cardhush_session_free(session), CARDHUSH_OK));
        printf("\n");
        cardhush_scrubber_free(scrubber);
    }
    for (i = 0; i < memory_size; i++) {
        if (memory[i] != 0) { printf("the caller's memory is not overwritten after all was freed\n"); wrong++; break; }
    }
    free(memory);
    printf("\n%d tries, %d statuses other than they must be (marked !)\n", tried, wrong);
    return wrong != 0 || tried < 276;
}
