/* The whole of it on one screen: raw mu-law samples, 8 kHz, two channels, from standard input to standard output without card digits; events on standard error.
 *
 *   cc embed.c $(pkg-config --cflags --libs cardhush) -o embed && tail -c +59 call.wav | ./embed >scrubbed.ul
 */
#include <cardhush.h>
#include <inttypes.h>
#include <stdio.h>

enum { CHANNELS = 2, CHUNK = 160 }; /* frames of 20 ms */

static void tell(cardhush_scrubber *scrubber)
{
    cardhush_event events[32];
    size_t waiting, i;
    do {
        if (cardhush_scrubber_events(scrubber, events, 32, &waiting) != CARDHUSH_OK) return;
        for (i = 0; i < waiting && i < 32; i++) {
            fprintf(stderr, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", cardhush_event_name(events[i].kind), events[i].channel, events[i].start, events[i].end, cardhush_cause_name(events[i].cause));
        }
    } while (waiting > 32);
}

int main(void)
{
    uint8_t samples[CHUNK * CHANNELS];
    cardhush_scrubber *scrubber = NULL;
    cardhush_config config;
    cardhush_status status;
    uint64_t latency, early, left;
    size_t frames;

    cardhush_config_init(&config, sizeof config);
    config.rate_hz = 8000;
    config.channels = CHANNELS;
    config.coding = CARDHUSH_CODING_ULAW;
    if ((status = cardhush_scrubber_new(&config, &scrubber)) != CARDHUSH_OK) return fprintf(stderr, "cardhush: %s\n", cardhush_status_string(status)), 1;
    cardhush_scrubber_latency(scrubber, &latency);

    early = latency; /* what comes out first is silence, before the first sample that went in: left out */
    while ((frames = fread(samples, CHANNELS, CHUNK, stdin)) > 0) {
        if ((status = cardhush_scrubber_process(scrubber, samples, frames)) != CARDHUSH_OK) break;
        size_t skip = early < frames ? (size_t)early : frames;
        early -= skip;
        fwrite(samples + skip * CHANNELS, CHANNELS, frames - skip, stdout);
        tell(scrubber);
    }
    for (left = latency; left > 0 && status == CARDHUSH_OK; left -= frames) {
        frames = left < CHUNK ? (size_t)left : CHUNK;
        status = cardhush_scrubber_finish(scrubber, samples, frames);
        size_t skip = early < frames ? (size_t)early : frames;
        early -= skip;
        fwrite(samples + skip * CHANNELS, CHANNELS, frames - skip, stdout);
        tell(scrubber);
    }
    cardhush_scrubber_free(scrubber);
    if (status != CARDHUSH_OK) return fprintf(stderr, "cardhush: %s\n", cardhush_status_string(status)), 1;
    return fflush(stdout) != 0 || ferror(stdout) || ferror(stdin);
}
