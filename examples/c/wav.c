/* A WAV file in, the same file without card digits out, by either API:
 *
 *   wav scrubber call.wav scrubbed.wav    the samples, all channels in one stream
 *   wav session  call.wav scrubbed.wav    RTP packets, a channel a leg, as a recorder of packets would
 *
 * 8-kHz G.711 or 16-bit linear of up to eight channels, with the samples last in the file. It shows the calls; a whole WAV reader is not its point, and `cardhush scrub` is the
 * tool for files. Events are printed: redacted, exposed and so on, channel, first sample, the sample after the last, cause.
 */
#include <cardhush.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 160, HEADER = 12, START_US = 1000000000 };

struct wav { uint8_t *bytes; size_t size; uint32_t rate_hz, channels; int32_t coding; size_t sample_bytes, data, frames; };

static int fail(const char *what, const char *why) { return fprintf(stderr, "wav: %s: %s\n", what, why), 1; }

/* Says what a status is, if it is not OK. */
static int bad(const char *call, cardhush_status status) { return status == CARDHUSH_OK ? 0 : fail(call, cardhush_status_string(status)); }

static uint32_t little(const uint8_t *at, int bytes)
{
    uint32_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

static int read_wav(const char *path, struct wav *wav)
{
    FILE *file = fopen(path, "rb");
    size_t at = 12;
    long size;
    if (!file) return fail(path, "cannot be opened");
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 44 || fseek(file, 0, SEEK_SET) != 0) return fclose(file), fail(path, "cannot be read, or is no WAV");
    wav->size = (size_t)size;
    wav->bytes = malloc(wav->size);
    if (!wav->bytes || fread(wav->bytes, 1, wav->size, file) != wav->size) return fclose(file), fail(path, "cannot be read");
    fclose(file);
    while (at + 8 <= wav->size) {
        const uint8_t *chunk = wav->bytes + at;
        size_t length = little(chunk + 4, 4);
        if (length > wav->size - at - 8) return fail(path, "a chunk reaches beyond the end");
        if (memcmp(chunk, "fmt ", 4) == 0 && length >= 16) {
            uint32_t tag = little(chunk + 8, 2), bits = little(chunk + 22, 2);
            wav->channels = little(chunk + 10, 2);
            wav->rate_hz = little(chunk + 12, 4);
            wav->sample_bytes = bits / 8;
            wav->coding = tag == 1 && bits == 16 ? CARDHUSH_CODING_LINEAR16 : tag == 7 && bits == 8 ? CARDHUSH_CODING_ULAW : tag == 6 && bits == 8 ? CARDHUSH_CODING_ALAW : -1;
        } else if (memcmp(chunk, "data", 4) == 0 && wav->channels > 0 && wav->coding >= 0) {
            wav->data = at + 8;
            wav->frames = length / (wav->sample_bytes * wav->channels);
            return 0;
        }
        at += 8 + length + length % 2;
    }
    return fail(path, "no 16-bit or G.711 samples");
}

static int write_wav(const char *path, const struct wav *wav)
{
    FILE *file = fopen(path, "wb");
    if (!file) return fail(path, "cannot be made");
    if (fwrite(wav->bytes, 1, wav->size, file) != wav->size) return fclose(file), fail(path, "cannot be written");
    return fclose(file) == 0 ? 0 : fail(path, "cannot be written");
}

static void print_event(const cardhush_event *event, uint64_t channel, uint64_t first)
{
    printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", cardhush_event_name(event->kind), channel, event->start - first, event->end - first, cardhush_cause_name(event->cause));
}

static int tell_scrubber(cardhush_scrubber *scrubber)
{
    cardhush_event event;
    size_t waiting;
    do {
        if (bad("events", cardhush_scrubber_events(scrubber, &event, 1, &waiting))) return 1;
        if (waiting > 0) print_event(&event, event.channel, 0);
    } while (waiting > 1);
    return 0;
}

/* The scrubber works in place, and what comes out is `latency` frames late: the output of each chunk goes so far back in the same memory. */
static int by_scrubber(struct wav *wav)
{
    size_t frame_bytes = wav->sample_bytes * wav->channels, done = 0, out = 0;
    uint8_t *samples = wav->bytes + wav->data, *chunk = malloc(CHUNK * frame_bytes);
    cardhush_scrubber *scrubber = NULL;
    cardhush_config config;
    uint64_t latency = 0, early;
    int failed = !chunk;

    cardhush_config_init(&config, sizeof config);
    config.rate_hz = wav->rate_hz;
    config.channels = wav->channels;
    config.coding = wav->coding;
    failed = failed || bad("new", cardhush_scrubber_new(&config, &scrubber)) || bad("latency", cardhush_scrubber_latency(scrubber, &latency));
    early = latency;
    while (!failed && out < wav->frames) {
        size_t in = wav->frames - done < CHUNK ? wav->frames - done : CHUNK, frames = in > 0 ? in : CHUNK, skip;
        memcpy(chunk, samples + done * frame_bytes, in * frame_bytes);
        failed = in > 0 ? bad("process", cardhush_scrubber_process(scrubber, chunk, in)) : bad("finish", cardhush_scrubber_finish(scrubber, chunk, CHUNK));
        failed = failed || tell_scrubber(scrubber);
        done += in;
        skip = early < frames ? (size_t)early : frames;
        early -= skip;
        if (frames - skip > wav->frames - out) frames = wav->frames - out + skip;
        memcpy(samples + out * frame_bytes, chunk + skip * frame_bytes, (frames - skip) * frame_bytes);
        out += frames - skip;
    }
    cardhush_scrubber_free(scrubber);
    free(chunk);
    return failed;
}

/* Writes what a packet of `token`'s channel holds to where it came from. */
static void put_back(struct wav *wav, const cardhush_packet *packet, uint64_t first)
{
    const uint8_t *payload = (const uint8_t *)packet->bytes + HEADER;
    size_t i, b, samples = (packet->size - HEADER) / wav->sample_bytes, at = (size_t)(packet->position - first);
    for (i = 0; i < samples && at + i < wav->frames; i++) {
        uint8_t *to = wav->bytes + wav->data + ((at + i) * wav->channels + packet->token) * wav->sample_bytes;
        for (b = 0; b < wav->sample_bytes; b++) to[b] = payload[(i + 1) * wav->sample_bytes - 1 - b]; /* RTP is big-endian, WAV little */
    }
}

static int take(cardhush_session *session, struct wav *wav, const uint64_t *channels, uint64_t first)
{
    cardhush_packet packet;
    cardhush_event event;
    cardhush_status status;
    size_t waiting, c;
    while ((status = cardhush_session_next(session, &packet)) == CARDHUSH_OK) put_back(wav, &packet, first);
    if (status != CARDHUSH_NONE) return bad("next", status);
    do {
        if (bad("events", cardhush_session_events(session, &event, 1, &waiting))) return 1;
        for (c = 0; waiting > 0 && c < wav->channels; c++) if (channels[c] == event.channel) print_event(&event, c, first);
    } while (waiting > 1);
    return 0;
}

static int by_session(struct wav *wav)
{
    uint64_t channels[8], first;
    size_t at, c, i, b;
    cardhush_session *session = NULL;
    cardhush_session_config config;
    cardhush_format format = {.payload_type = 96, .payload = CARDHUSH_PAYLOAD_L16};
    int failed;

    format.rate_hz = wav->rate_hz;
    if (wav->coding != CARDHUSH_CODING_LINEAR16) format.payload = wav->coding == CARDHUSH_CODING_ULAW ? CARDHUSH_PAYLOAD_PCMU : CARDHUSH_PAYLOAD_PCMA;
    cardhush_session_config_init(&config, sizeof config);
    config.channels = wav->channels;
    failed = bad("new", cardhush_session_new(&config, START_US, &session));
    for (c = 0; !failed && c < wav->channels; c++) failed = bad("add", cardhush_session_add(session, &format, 1, &channels[c]));
    /* Position 0 is 2 s before the call's begin, in the channel's samples. */
    first = (uint64_t)2 * wav->rate_hz;
    for (at = 0; !failed && at < wav->frames; at += CHUNK) {
        size_t frames = wav->frames - at < CHUNK ? wav->frames - at : CHUNK;
        uint64_t now_us = START_US + (uint64_t)(at + frames) * 1000000 / wav->rate_hz; /* a packet comes when its last sample was said */
        for (c = 0; !failed && c < wav->channels; c++) {
            uint8_t packet[HEADER + 2 * CHUNK] = {0x80, 96};
            uint32_t timestamp = (uint32_t)at, sequence = (uint32_t)(at / CHUNK);
            packet[2] = (uint8_t)(sequence >> 8), packet[3] = (uint8_t)sequence;
            for (b = 0; b < 4; b++) packet[4 + b] = (uint8_t)(timestamp >> (24 - 8 * b)), packet[8 + b] = (uint8_t)(c + 1);
            for (i = 0; i < frames * wav->sample_bytes; i++) {
                size_t sample = i / wav->sample_bytes, byte = wav->sample_bytes - 1 - i % wav->sample_bytes;
                packet[HEADER + i] = wav->bytes[wav->data + ((at + sample) * wav->channels + c) * wav->sample_bytes + byte];
            }
            failed = bad("receive", cardhush_session_receive(session, channels[c], now_us, packet, HEADER + frames * wav->sample_bytes, c));
        }
        failed = failed || bad("advance", cardhush_session_advance(session, now_us)) || take(session, wav, channels, first);
    }
    failed = failed || bad("finish", cardhush_session_finish(session)) || take(session, wav, channels, first);
    cardhush_session_free(session);
    return failed;
}

int main(int count, char **arguments)
{
    struct wav wav = {0};
    int failed, session = count == 4 && strcmp(arguments[1], "session") == 0;
    if (count != 4 || (!session && strcmp(arguments[1], "scrubber") != 0)) return fprintf(stderr, "usage: wav scrubber|session IN.wav OUT.wav\n"), 64;
    if (bad("the library", cardhush_check_abi(CARDHUSH_ABI))) return 1;
    failed = read_wav(arguments[2], &wav);
    if (!failed && wav.channels > 8) failed = fail(arguments[2], "more than eight channels");
    /* Nothing is written unless all of it was scrubbed. */
    failed = failed || (session ? by_session(&wav) : by_scrubber(&wav)) || write_wav(arguments[3], &wav);
    free(wav.bytes);
    return failed;
}
