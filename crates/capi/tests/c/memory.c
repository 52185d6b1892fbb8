/* How much memory a stream of two channels takes, and how little stack the calls need: opening and scanning within 256 KiB, everything on the audio path within 64. Dies of it where that is not so. */
#define _POSIX_C_SOURCE 200809L
#include <cardhush.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static cardhush_scrubber *scrubber;
static cardhush_session *session;
static uint64_t channel;
static int failed;

static void check(cardhush_status status) { if (status != CARDHUSH_OK) failed = 1, fprintf(stderr, "memory: %s\n", cardhush_status_string(status)); }

static void *open_all(void *nothing)
{
    cardhush_config config;
    cardhush_session_config call;
    cardhush_config_init(&config, sizeof config);
    config.channels = 8;
    check(cardhush_scrubber_new(&config, &scrubber));
    cardhush_session_config_init(&call, sizeof call);
    check(cardhush_session_new(&call, 0, &session));
    check(cardhush_session_add(session, NULL, 0, &channel));
    {
        static int16_t samples[8 * 800];
        cardhush_event events[4];
        size_t count;
        check(cardhush_scan(&config, NULL, 0, samples, 800, events, 4, &count));
    }
    return nothing;
}

static void *run_all(void *nothing)
{
    static int16_t samples[8 * 160];
    static uint8_t packet[172];
    cardhush_event events[4];
    cardhush_packet out;
    size_t count;
    uint32_t i;
    for (i = 0; i < 1000; i++) {
        uint32_t stamp = i * 160, k;
        for (k = 0; k < 8 * 160; k++) samples[k] = (int16_t)((i * 7919 + k * 104729) >> 4);
        check(cardhush_scrubber_process(scrubber, samples, 160));
        if (i == 500) check(cardhush_scrubber_mask(scrubber, CARDHUSH_ALL_CHANNELS, 90000, 91000));
        check(cardhush_scrubber_events(scrubber, events, 4, &count));
        memset(packet, (int)(i % 97), sizeof packet);
        packet[0] = 0x80, packet[1] = 0, packet[2] = (uint8_t)(i >> 8), packet[3] = (uint8_t)i;
        for (k = 0; k < 4; k++) packet[4 + k] = (uint8_t)(stamp >> (24 - 8 * k)), packet[8 + k] = 1;
        check(cardhush_session_receive(session, channel, (i + 1) * 20000ull, packet, sizeof packet, 0));
        while (cardhush_session_next(session, &out) == CARDHUSH_OK) {}
    }
    check(cardhush_scrubber_finish(scrubber, samples, 160));
    check(cardhush_session_finish(session));
    check(cardhush_scrubber_reset(scrubber));
    check(cardhush_scrubber_free(scrubber));
    check(cardhush_session_free(session));
    return nothing;
}

static void within(size_t kib, void *(*work)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, kib * 1024) != 0 || pthread_create(&thread, &attributes, work, NULL) != 0) failed = 1;
    else pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

/* Where there is no memory, that is what is said, and the program goes on. */
static void without_memory(void)
{
    struct rlimit before, little;
    cardhush_session_config call;
    cardhush_config config;
    cardhush_scrubber *none = NULL;
    cardhush_session *open = NULL, *other = NULL;
    cardhush_format wide = {96, CARDHUSH_PAYLOAD_L16, 48000, {0}};
    uint64_t name = 0;
    cardhush_config_init(&config, sizeof config);
    config.rate_hz = 192000, config.channels = 8, config.look_ahead_ms = 60000;
    cardhush_session_config_init(&call, sizeof call);
    call.look_ahead_ms = 60000;
    check(cardhush_session_new(&call, 0, &open));
    getrlimit(RLIMIT_AS, &before);
    little = before;
    little.rlim_cur = 24u << 20;
    setrlimit(RLIMIT_AS, &little);
    if (cardhush_scrubber_new(&config, &none) != CARDHUSH_ERR_NO_MEMORY || cardhush_session_add(open, &wide, 1, &name) != CARDHUSH_ERR_NO_MEMORY) failed = 1;
    setrlimit(RLIMIT_AS, &before);
    check(cardhush_session_add(open, &wide, 1, &name));
    check(cardhush_session_new(&call, 0, &other));
    check(cardhush_session_free(open));
    check(cardhush_session_free(other));
    if (failed) fprintf(stderr, "memory: want of it is not told\n");
}

static void sizes(void)
{
    static const uint32_t RATES[] = {8000, 16000, 48000};
    size_t i, both, keyed;
    cardhush_config config;
    for (i = 0; i < 3; i++) {
        cardhush_config_init(&config, sizeof config);
        config.channels = 2;
        config.rate_hz = RATES[i];
        check(cardhush_scrubber_size(&config, &both));
        config.spoken = CARDHUSH_SPOKEN_OFF;
        check(cardhush_scrubber_size(&config, &keyed));
        printf("two channels of 16 bits at %lu Hz: %zu bytes with both stages and 8 s, %zu with keyed digits alone and 0.7 s\n", (unsigned long)RATES[i], both, keyed);
    }
}

int main(int count, char **arguments)
{
    size_t open_kib = 256, run_kib = 64;
    if (count == 3) sscanf(arguments[1], "%zu", &open_kib), sscanf(arguments[2], "%zu", &run_kib);
    without_memory();
    sizes();
    within(open_kib, open_all);
    within(run_kib, run_all);
    if (!failed) printf("opened within %zu KiB of stack, run, reset and freed within %zu\n", open_kib, run_kib);
    return failed;
}
