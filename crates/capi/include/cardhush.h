/* cardhush: finds and destroys keyed and spoken card digits in call audio. C99 or C++; docs/c-abi.md is the manual.
 *
 *     cardhush_config config;
 *     cardhush_scrubber *scrubber;
 *     cardhush_config_init(&config, sizeof config);
 *     config.channels = 2;
 *     if (cardhush_scrubber_new(&config, &scrubber) != CARDHUSH_OK) ...
 *     for (;;) {
 *         read 20 ms of samples;
 *         if (cardhush_scrubber_process(scrubber, samples, frames) != CARDHUSH_OK) ...
 *         cardhush_scrubber_events(scrubber, events, 32, &count);
 *         write the samples: they are those of a latency ago, without digits;
 *     }
 *     cardhush_scrubber_finish(scrubber, samples, frames), until a latency's worth has come;
 *     cardhush_scrubber_free(scrubber);
 *
 * This file is made of the source by a test. */

#ifndef CARDHUSH_H
#define CARDHUSH_H

#include <stddef.h>
#include <stdint.h>

// The version of the binary interface that this header declares. It changes where a program that was compiled for an older one would go wrong, and the library's
// soname (`libcardhush.so.1`) with it; new functions, new fields at the end of a structure that has a `struct_size`, and new values of what the library gives out do not change it.
#define CARDHUSH_ABI 1

// 16-bit linear, in the machine's byte order (`int16_t`).
#define CARDHUSH_CODING_LINEAR16 0

// G.711 mu-law (`uint8_t`).
#define CARDHUSH_CODING_ULAW 1

// G.711 A-law (`uint8_t`).
#define CARDHUSH_CODING_ALAW 2

// 8-bit linear, unsigned, zero at 0x80 (`uint8_t`).
#define CARDHUSH_CODING_LINEAR8 3

// 24-bit linear in the low bits of an `int32_t`.
#define CARDHUSH_CODING_LINEAR24 4

// 32-bit linear (`int32_t`).
#define CARDHUSH_CODING_LINEAR32 5

// 32-bit floating point, full scale 1.0 (`float`).
#define CARDHUSH_CODING_FLOAT32 6

// 64-bit floating point, full scale 1.0 (`double`).
#define CARDHUSH_CODING_FLOAT64 7

// Keyed digits in the audio are found.
#define CARDHUSH_KEYED_ON 0

// Keyed digits in the audio are not looked for.
#define CARDHUSH_KEYED_OFF 1

// Runs of spoken digits that can be a card, and shorter ones for 90 s behind one.
#define CARDHUSH_SPOKEN_CARD 0

// Every run of three spoken digits and more.
#define CARDHUSH_SPOKEN_DIGITS 1

// Only what is said while the call is armed.
#define CARDHUSH_SPOKEN_ARMED 2

// Spoken digits are not listened for.
#define CARDHUSH_SPOKEN_OFF 3

// A tone masks every channel at its own time: line echo and bleed carry it to the other legs.
#define CARDHUSH_LINKING_LINKED 0

// A tone masks its own channel alone; copies that are found on other channels are masked there.
#define CARDHUSH_LINKING_OWN 1

// Noise at the level of the background before the span.
#define CARDHUSH_FILL_COMFORT_NOISE 0

// Digital silence.
#define CARDHUSH_FILL_SILENCE 1

// A steady tone of 400 Hz, so that a listener hears what was cut.
#define CARDHUSH_FILL_MARKER 2

// The look-ahead that the stages ask for: 8 s with spoken digits, 0.7 s without.
#define CARDHUSH_LOOK_AHEAD_DEFAULT 0

// No more look-ahead than the analysis needs to be done at all, 4.3 ms at 8 kHz: nearly every digit is exposed at its start.
#define CARDHUSH_LOOK_AHEAD_NONE UINT32_MAX

// The best instruction set that the processor has. Each gives the same bits.
#define CARDHUSH_ISA_BEST 0

// Plain loops.
#define CARDHUSH_ISA_PORTABLE 1

// Sessions: missing packets are waited for 1,000 ms.
#define CARDHUSH_WAIT_DEFAULT 0

// Sessions: missing packets are not waited for; what comes out of order is replaced whole.
#define CARDHUSH_WAIT_NONE UINT32_MAX

// Sessions: the digit of a telephone-event (RFC 4733) becomes `*`.
#define CARDHUSH_TELEPHONE_EVENTS_REWRITE 0

// Sessions: packets that hold nothing but telephone-events of keys come out marked `dropped`; where a packet holds audio as well, the event is rewritten.
#define CARDHUSH_TELEPHONE_EVENTS_DROP 1

// G.711 mu-law, 8 kHz (RFC 3551; payload type 0 by default).
#define CARDHUSH_PAYLOAD_PCMU 0

// G.711 A-law, 8 kHz (RFC 3551; payload type 8 by default).
#define CARDHUSH_PAYLOAD_PCMA 1

// 16-bit linear, big-endian, one channel (RFC 3551), at `rate_hz`, 8,000 to 48,000 Hz.
#define CARDHUSH_PAYLOAD_L16 2

// Comfort noise (RFC 3389): comes out as it came in.
#define CARDHUSH_PAYLOAD_COMFORT_NOISE 3

// telephone-event (RFC 4733), in the clock of the channel's audio.
#define CARDHUSH_PAYLOAD_TELEPHONE_EVENT 4

// Redundant data (RFC 2198): blocks of the channel's other formats.
#define CARDHUSH_PAYLOAD_REDUNDANT 5

// Every channel, where a channel is asked for; and the channel of an event that speaks of all.
#define CARDHUSH_ALL_CHANNELS UINT64_MAX

// The span is replaced in what comes out. Final, once; the spans of one channel come in order and do not touch.
#define CARDHUSH_EVENT_REDACTED 1

// The span should have been replaced and had come out already: the look-ahead was too short, or a packet told of it too late. The guarantee is lost for it.
#define CARDHUSH_EVENT_EXPOSED 2

// A key was pressed, within the limits of ITU-T Q.24, or told of by a telephone-event (RFC 4733); once each. Which, is not told. A stream's has `start` = `end`, the sample at which it was decided.
#define CARDHUSH_EVENT_KEYED 3

// Sessions: the span came too late to be read, or twice with different contents. It is replaced whole.
#define CARDHUSH_EVENT_UNREAD 4

// Sessions: packets of the span do not come out, and no others of the channel will: its payloads are encrypted.
#define CARDHUSH_EVENT_WITHHELD 5

// The span may hold replaced spans, on any channel, that have no event of their own: events were not fetched in time and their queue was full, or a defect broke a stream off. What was exposed is not among them: exposures without room become one, of all channels.
#define CARDHUSH_EVENT_LOST 6

// No cause: the event is of another kind.
#define CARDHUSH_CAUSE_NONE 0

// A keyed (DTMF) tone, or a fragment of one, on this channel.
#define CARDHUSH_CAUSE_KEYED 1

// A key that a telephone-event told of on this channel.
#define CARDHUSH_CAUSE_EVENT 2

// Digits said on this channel, with what lies between them.
#define CARDHUSH_CAUSE_SPOKEN 3

// Digits said on this channel, by a transcript.
#define CARDHUSH_CAUSE_TRANSCRIPT 4

// A keyed tone on another channel of the call, replaced here at the same time.
#define CARDHUSH_CAUSE_LINKED 5

// A faint or delayed copy, on this channel, of what is on another.
#define CARDHUSH_CAUSE_ECHO 6

// Asked for with a `_mask` function.
#define CARDHUSH_CAUSE_MANUAL 7

// Samples a channel that one call takes at most: 131 s at 8 kHz. What is longer was meant for something else.
#define CARDHUSH_MAX_FRAMES (1 << 20)

// A scrubber. Opaque: a pointer to one is a number, and nothing lies behind it.
typedef struct cardhush_scrubber cardhush_scrubber;

// A session. Opaque: a pointer to one is a number, and nothing lies behind it.
typedef struct cardhush_session cardhush_session;

// What every fallible function returns: `CARDHUSH_OK`, `CARDHUSH_NONE`, or a negative `CARDHUSH_ERR_`. Numbers keep their meaning for ever; later versions may add some.
typedef int32_t cardhush_status;

// Settings of a scrubber or a scan. Fill it with `cardhush_config_init`, then set what is to be other than recommended. 0 stands for the recommended setting in every field but the first three.
typedef struct cardhush_config {
    // `sizeof(cardhush_config)`.
    uint32_t struct_size;
    // Samples a second, 8,000 to 192,000. Recommended: that of the audio; 8,000 unless it is set.
    uint32_t rate_hz;
    // Channels of the stream, interleaved, 1 to 8. All that hear one call go through one object: a key on one leg is heard on the other. 1 unless it is set.
    uint32_t channels;
    // How a sample is written: one of `CARDHUSH_CODING_`. Linear, 16 bits, unless it is set.
    int32_t coding;
    // One of `CARDHUSH_KEYED_`. On unless it is set.
    int32_t keyed;
    // One of `CARDHUSH_SPOKEN_`. Cards unless it is set.
    int32_t spoken;
    // `CARDHUSH_LINKING_LINKED` or `CARDHUSH_LINKING_OWN`. Linked unless it is set.
    int32_t linking;
    // One of `CARDHUSH_FILL_`. Comfort noise unless it is set.
    int32_t fill;
    // By how many ms the audio is delayed, 1 to 60,000, `CARDHUSH_LOOK_AHEAD_DEFAULT` or `CARDHUSH_LOOK_AHEAD_NONE`. The shorter, the more leaves before it is known to be a digit, each told as exposed.
    uint32_t look_ahead_ms;
    // `CARDHUSH_ISA_BEST` or `CARDHUSH_ISA_PORTABLE`. The best unless it is set.
    int32_t isa;
    // Another model of spoken digits, or NULL for the library's own. Its bytes are not copied: they must stay as they are as long as any handle that was made with them.
    const void *model;
    // Bytes of the model.
    size_t model_size;
} cardhush_config;

// Settings of a session. Fill it with `cardhush_session_config_init`, then set what is to be other than recommended. 0 stands for the recommended setting in every field but the first two.
typedef struct cardhush_session_config {
    // `sizeof(cardhush_session_config)`.
    uint32_t struct_size;
    // Channels at one time at most, 1 to 8: each has memory from the start. 2 unless it is set.
    uint32_t channels;
    // How long a packet that is missing is waited for, in ms, 1 to 2,000, `CARDHUSH_WAIT_DEFAULT` or `CARDHUSH_WAIT_NONE`. Where none is missing nothing waits.
    uint32_t wait_ms;
    // How far the analysis looks ahead, in ms, 1 to 60,000, `CARDHUSH_LOOK_AHEAD_DEFAULT` or `CARDHUSH_LOOK_AHEAD_NONE`.
    uint32_t look_ahead_ms;
    // One of `CARDHUSH_KEYED_`; what telephone-events tell of goes whatever is set here. On unless it is set.
    int32_t keyed;
    // One of `CARDHUSH_SPOKEN_`. Cards unless it is set.
    int32_t spoken;
    // `CARDHUSH_LINKING_LINKED` or `CARDHUSH_LINKING_OWN`. Linked unless it is set.
    int32_t linking;
    // One of `CARDHUSH_FILL_`. Comfort noise unless it is set.
    int32_t fill;
    // `CARDHUSH_TELEPHONE_EVENTS_REWRITE` or `CARDHUSH_TELEPHONE_EVENTS_DROP`. Rewritten unless it is set.
    int32_t events;
    // Not used: 0.
    uint32_t reserved;
    // Another model of spoken digits, as in `cardhush_config`.
    const void *model;
    // Bytes of the model.
    size_t model_size;
} cardhush_session_config;

// Something that was found, or that went wrong. Holds no digit.
typedef struct cardhush_event {
    // The channel: its place in a frame, from 0; in a session, the number that `cardhush_session_add` gave; or `CARDHUSH_ALL_CHANNELS`.
    uint64_t channel;
    // First sample, at the stream's or channel's own rate, counted from the first that went in; in a session from `cardhush_session_origin_us`.
    uint64_t start;
    // The sample after the last.
    uint64_t end;
    // Sessions: the instant of `start`, in microseconds since the epoch. Otherwise 0.
    uint64_t begins_us;
    // One of `CARDHUSH_EVENT_`. A program passes over those that it does not know.
    int32_t kind;
    // One of `CARDHUSH_CAUSE_`.
    int32_t cause;
    // 0.
    uint64_t reserved[2];
} cardhush_event;

// One payload type of a channel, as it was negotiated (SDP `a=rtpmap`) or agreed.
typedef struct cardhush_format {
    // Its number, 0 to 127.
    uint32_t payload_type;
    // How it is written: one of `CARDHUSH_PAYLOAD_`.
    int32_t payload;
    // Samples a second, of `CARDHUSH_PAYLOAD_L16`; otherwise not looked at.
    uint32_t rate_hz;
    // Not used: 0.
    uint32_t reserved[5];
} cardhush_format;

// A packet that is settled: it may be stored.
typedef struct cardhush_packet {
    // The channel, as `cardhush_session_add` named it.
    uint64_t channel;
    // The whole RTP packet: valid until the next call with this session that is not `_next` or `_events`.
    const void *bytes;
    // Its bytes.
    size_t size;
    // Where its timestamp lies on the channel's timeline, in samples of the channel since `cardhush_session_origin_us`.
    uint64_t position;
    // When it came, in microseconds since the epoch, as the caller said.
    uint64_t arrived_us;
    // The mark that the caller gave it.
    uint64_t token;
    // Not 0 where it holds nothing but keys and the session was set to `CARDHUSH_EVENTS_DROP`: not to be stored.
    uint32_t dropped;
    // 0.
    uint32_t reserved[5];
} cardhush_packet;

// Done.
#define CARDHUSH_OK 0

// Nothing is there to be taken, and nothing is wrong.
#define CARDHUSH_NONE 1

// A pointer that must not be NULL is.
#define CARDHUSH_ERR_NULL -1

// No handle, or one of another kind, or one that was freed.
#define CARDHUSH_ERR_HANDLE -2

// Another call is using the handle: a handle serves one thread at a time.
#define CARDHUSH_ERR_BUSY -3

// A defect of cardhush broke off a call with this handle: it can only be freed. What it was to scrub is silence.
#define CARDHUSH_ERR_POISONED -4

// `struct_size` is not that of the structure in any version, is beyond 4,096, or is beyond what this library knows with something set there.
#define CARDHUSH_ERR_STRUCT_SIZE -5

// The header is of another ABI than the library.
#define CARDHUSH_ERR_ABI -6

// `rate_hz` is outside of 8,000 to 192,000 Hz; in a session, 8,000 to 48,000 Hz and one rate a channel.
#define CARDHUSH_ERR_RATE -7

// `channels` is outside of 1 to 8.
#define CARDHUSH_ERR_CHANNELS -8

// `look_ahead_ms` is beyond 60,000 ms.
#define CARDHUSH_ERR_LOOK_AHEAD -9

// A value of a setting, or of an argument, that is none of those listed.
#define CARDHUSH_ERR_VALUE -10

// The memory that was given is smaller than `_size` says.
#define CARDHUSH_ERR_MEMORY -11

// The heap has no more memory.
#define CARDHUSH_ERR_NO_MEMORY -12

// A pointer is not aligned for what it points to.
#define CARDHUSH_ERR_ALIGNMENT -13

// More samples or bytes than one call takes.
#define CARDHUSH_ERR_LENGTH -14

// The call was finished: only what is left of it can be taken.
#define CARDHUSH_ERR_FINISHED -15

// The model of spoken digits is not one, or not of a version that this library reads.
#define CARDHUSH_ERR_MODEL -16

// 131,072 handles are open.
#define CARDHUSH_ERR_HANDLES -17

// `wait_ms` is beyond 2,000 ms.
#define CARDHUSH_ERR_WAIT -18

// Every channel of the session is taken, or was removed so short a while ago that its audio has not left.
#define CARDHUSH_ERR_FULL -19

// The payload types of a channel: none of audio, more than 8, or one number twice.
#define CARDHUSH_ERR_FORMATS -20

// There is no such channel, or it was removed.
#define CARDHUSH_ERR_CHANNEL -21

// Not an RTP packet, or a payload whose parts cannot be told.
#define CARDHUSH_ERR_PACKET -22

// RTCP, which holds no audio and is not taken.
#define CARDHUSH_ERR_RTCP -23

// A payload type that the channel was not told of: it cannot be read, so it cannot be scrubbed.
#define CARDHUSH_ERR_PAYLOAD_TYPE -24

// The payload looks encrypted (SRTP): the channel takes nothing any more.
#define CARDHUSH_ERR_ENCRYPTED -25

// More packets came than the look-ahead can hold.
#define CARDHUSH_ERR_FLOODED -26

// Packets of the call before wait to be taken with `cardhush_session_next`; this call did nothing.
#define CARDHUSH_ERR_PENDING -27

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The library's version, as `0.1.0`: static text. Any thread.
const char *cardhush_version(void);

// Whether this library serves programs that were compiled with a header of the given `CARDHUSH_ABI`: `CARDHUSH_OK` or `CARDHUSH_ERR_ABI`. To be asked
// once, before anything else, by whoever loads the library at run time. Any thread.
cardhush_status cardhush_check_abi(uint32_t abi);

// The words of a status: static text, in English, never NULL. Any thread.
const char *cardhush_status_string(cardhush_status status);

// Writes the recommended settings to `config`, of which the caller knows `struct_size` bytes: `cardhush_config_init(&config, sizeof config)`.
// `CARDHUSH_ERR_NULL`, `CARDHUSH_ERR_ALIGNMENT`, `CARDHUSH_ERR_STRUCT_SIZE`. Any thread.
// Must hold: `config` leads to `struct_size` bytes.
cardhush_status cardhush_config_init(struct cardhush_config *config,
                                     size_t struct_size);

// The same for the settings of a session.
// Must hold: `config` leads to `struct_size` bytes.
cardhush_status cardhush_session_config_init(struct cardhush_session_config *config, size_t struct_size);

// The name of a kind of event (`redacted`, `exposed`, `keyed`, `unread`, `withheld`, `lost`): static text, `unknown` for numbers that are none. Any thread.
const char *cardhush_event_name(int32_t kind);

// The name of a cause in reports (`keyed`, `spoken` and so on): static text, `none` for `CARDHUSH_CAUSE_NONE` and for numbers that are none. Any thread.
const char *cardhush_cause_name(int32_t cause);

// Opens a scrubber for a stream of the given form; its memory is of the heap, and none is taken after this. Takes up to 256 KiB of stack, as `_init` does; nothing on the audio path takes 64.
// `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_STRUCT_SIZE`, `_RATE`, `_CHANNELS`, `_LOOK_AHEAD`, `_VALUE`, `_MODEL`, `_NO_MEMORY`, `_HANDLES`, `_POISONED` (a defect; nothing was opened). Any thread.
// Must hold: `config` leads to as many bytes as its `struct_size` says, and `scrubber` to a place for a handle.
cardhush_status cardhush_scrubber_new(const struct cardhush_config *config,
                                      struct cardhush_scrubber **scrubber);

// Writes to `size` how many bytes `cardhush_scrubber_init` needs, wherever they begin. Errors as those of `cardhush_scrubber_new`. Any thread.
// Must hold: `config` leads to as many bytes as its `struct_size` says, and `size` to a `size_t`.
cardhush_status cardhush_scrubber_size(const struct cardhush_config *config,
                                       size_t *size);

// Opens a scrubber within the caller's memory: nothing is taken from the heap. The memory, of any alignment, belongs to the scrubber until `cardhush_scrubber_free`,
// which overwrites it. `CARDHUSH_ERR_MEMORY` where `size` is less than `cardhush_scrubber_size` says, and the errors of `cardhush_scrubber_new`. Any thread.
// Must hold: `config` leads to as many bytes as its `struct_size` says, `scrubber` to a place for a handle, and `memory` to `size` bytes that nothing else uses until the scrubber is freed.
cardhush_status cardhush_scrubber_init(const struct cardhush_config *config,
                                       void *memory,
                                       size_t size,
                                       struct cardhush_scrubber **scrubber);

// Closes a scrubber, overwrites all that it held, and gives its memory back to the heap or to the caller. What had not come out is lost: `cardhush_scrubber_finish` gives it.
// NULL is fine. `CARDHUSH_ERR_HANDLE` (also: freed before), `_BUSY`: then it is still open, and the memory of `_init` is yours only after `CARDHUSH_OK`. Any thread.
cardhush_status cardhush_scrubber_free(struct cardhush_scrubber *scrubber);

// Takes `frames` frames of interleaved samples and gives as many back in place, those that went in a latency ago. Silence, `cardhush_scrubber_latency` samples of it, comes before the first: leave it out, and
// sample n of what is left is sample n of what went in, which is how events count. After an error the samples are silence, but for `CARDHUSH_ERR_NULL`, `_HANDLE`, `_BUSY` and `_LENGTH`, where it is not known what
// they are or how many: they are as they came then, NOT scrubbed, and must not be used. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`,
// `_LENGTH` (over `CARDHUSH_MAX_FRAMES`), `_FINISHED`. One thread a scrubber at a time; allocates nothing.
// Must hold: `samples` leads to as many frames, which nothing else uses meanwhile.
cardhush_status cardhush_scrubber_process(struct cardhush_scrubber *scrubber,
                                          void *samples,
                                          size_t frames);

// The call is over: overwrites `frames` frames with the last samples of the call, which are still held, `cardhush_scrubber_latency` of them in all, by one call or several; behind them silence. The first settles
// what was in doubt. Only `cardhush_scrubber_reset` makes the scrubber take samples again. Errors as those of `cardhush_scrubber_process`. One thread a scrubber at a time; allocates nothing.
// Must hold: `samples` leads to as many frames, which nothing else uses meanwhile.
cardhush_status cardhush_scrubber_finish(struct cardhush_scrubber *scrubber,
                                         void *samples,
                                         size_t frames);

// Fetches events, the oldest first: at most `capacity` go to `events`, and `count` says how many waited. Where that is more than `capacity`, the rest waits on. To be called after each
// `_process`, `_finish`, `_mask` and `_signalled`: what finds no room in the scrubber becomes one `CARDHUSH_EVENT_LOST`. `events` may be NULL where `capacity` is 0.
// A poisoned scrubber gives those that were told before. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_NULL`, `_ALIGNMENT`, `_LENGTH`. One thread a scrubber at a time; allocates nothing.
// Must hold: `events` leads to `capacity` places and `count` to one.
cardhush_status cardhush_scrubber_events(struct cardhush_scrubber *scrubber,
                                         struct cardhush_event *events,
                                         size_t capacity,
                                         size_t *count);

// Writes to `frames` by how many samples the output is behind the input. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a scrubber at a time.
// Must hold: `frames` leads to a place for a number.
cardhush_status cardhush_scrubber_latency(struct cardhush_scrubber *scrubber,
                                          uint64_t *frames);

// From the next sample on every run of spoken digits is masked: the agent asks for the card now. Keyed digits are masked armed or not; where spoken ones are off it changes nothing. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time; allocates nothing.
cardhush_status cardhush_scrubber_arm(struct cardhush_scrubber *scrubber);

// From the next sample on spoken digits are masked as the configuration says. Errors and threads as `cardhush_scrubber_arm`.
cardhush_status cardhush_scrubber_disarm(struct cardhush_scrubber *scrubber);

// Masks the samples `[start, end)` of a channel, from 0, or of `CARDHUSH_ALL_CHANNELS`; they may be still to come, and are told as far as they do. What of them has come out is told as exposed, in as many events as there are gaps between what was replaced already.
// `CARDHUSH_ERR_CHANNEL` where the stream has no such channel: all are masked then, so that a wrong number leaves nothing in. `CARDHUSH_ERR_VALUE` where `end` is not behind `start`;
// `CARDHUSH_ERR_FINISHED` after the first `_finish`, and nothing is masked; `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time; allocates nothing.
cardhush_status cardhush_scrubber_mask(struct cardhush_scrubber *scrubber,
                                       uint64_t channel,
                                       uint64_t start,
                                       uint64_t end);

// A key was pressed in the samples `[start, end)` of a channel, as signalling tells (RFC 4733, SIP INFO, the switch): masked whatever is heard, with the cause `event`, and with `linked` on every other channel
// where channels are linked. May be told again as the key goes on; give some 40 ms before and behind what signalling measured. Errors and threads as those of `cardhush_scrubber_mask`.
cardhush_status cardhush_scrubber_signalled(struct cardhush_scrubber *scrubber,
                                            uint64_t channel,
                                            uint64_t start,
                                            uint64_t end);

// Forgets the call and overwrites what was held of it: the next sample is the first of another, and events that wait are gone. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time;
// allocates nothing.
cardhush_status cardhush_scrubber_reset(struct cardhush_scrubber *scrubber);

// Spoils the scrubber as a defect of cardhush would, so that you can see what your program does then: every later call says `CARDHUSH_ERR_POISONED`, and samples become silence.
// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time.
cardhush_status cardhush_scrubber_poison(struct cardhush_scrubber *scrubber);

// Opens a session for a call that begins at `start_us` microseconds since the epoch. `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_STRUCT_SIZE`, `_CHANNELS`, `_WAIT`, `_LOOK_AHEAD`, `_VALUE`, `_MODEL`, `_NO_MEMORY`, `_HANDLES`, `_POISONED` (a defect; nothing was opened). Any thread.
// Must hold: `config` leads to as many bytes as its `struct_size` says, and `session` to a place for a handle.
cardhush_status cardhush_session_new(const struct cardhush_session_config *config,
                                     uint64_t start_us,
                                     struct cardhush_session **session);

// Closes a session and overwrites all that it held; packets that were not taken are lost. NULL is fine. `CARDHUSH_ERR_HANDLE` (also: freed before), `_BUSY`. Any thread.
cardhush_status cardhush_session_free(struct cardhush_session *session);

// A channel joins the call: `count` payload types at `formats`, or NULL and 0 for those of RFC 3551 (0, 8, 13) with events at 101. Its name goes to `channel`; names are never used twice.
// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_NULL`, `_ALIGNMENT`, `_FULL`, `_FORMATS`, `_RATE`, `_VALUE`, `_NO_MEMORY`. One thread a session at a time; takes memory from the heap.
// Must hold: `formats` leads to `count` of them, and `channel` to a place for a number.
cardhush_status cardhush_session_add(struct cardhush_session *session,
                                     const struct cardhush_format *formats,
                                     size_t count,
                                     uint64_t *channel);

// A channel leaves the call: it takes nothing any more, and what waits of it comes out in its time. `CARDHUSH_ERR_CHANNEL` where there is none of that name; `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time; allocates nothing.
cardhush_status cardhush_session_remove(struct cardhush_session *session,
                                        uint64_t channel);

// Takes an RTP packet of `size` bytes that came on a channel at `now_us` microseconds since the epoch; `token` comes out with it. What is not taken will not come out, and must not be stored: it was not examined.
// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_PENDING`, `_NULL`, `_CHANNEL`, `_PACKET`, `_RTCP`, `_PAYLOAD_TYPE`, `_ENCRYPTED`, `_LENGTH` (over 1,500 bytes), `_FLOODED`. One thread a session at a time; allocates nothing.
// Must hold: `packet` leads to `size` bytes.
cardhush_status cardhush_session_receive(struct cardhush_session *session,
                                         uint64_t channel,
                                         uint64_t now_us,
                                         const void *packet,
                                         size_t size,
                                         uint64_t token);

// It is `now_us`: reads what can be read, and gives out what is settled. To be called every 20 ms or so, or after every packet. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_PENDING`. One thread a session at a time; allocates nothing.
cardhush_status cardhush_session_advance(struct cardhush_session *session,
                                         uint64_t now_us);

// The call is over: gives out all that waits. Errors and threads as `cardhush_session_advance`.
cardhush_status cardhush_session_finish(struct cardhush_session *session);

// Takes the next packet that came out, those of each channel in the order in which they came; `CARDHUSH_NONE`, and nothing written, where none waits. To be called until it says so after each `_receive`, `_advance`
// and `_finish`. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a session at a time; allocates nothing.
// Must hold: `packet` leads to a place for one.
cardhush_status cardhush_session_next(struct cardhush_session *session,
                                      struct cardhush_packet *packet);

// Fetches events, as `cardhush_scrubber_events` does.
// Must hold: `events` leads to `capacity` places and `count` to one.
cardhush_status cardhush_session_events(struct cardhush_session *session, struct cardhush_event *events, size_t capacity, size_t *count);

// Writes to `ms` how long a packet waits at most until it comes out: the look-ahead, and the wait for those that are missing. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a session at a time.
// Must hold: `ms` leads to a place for a number.
cardhush_status cardhush_session_latency_ms(struct cardhush_session *session,
                                            uint64_t *ms);

// Writes to `us` when position 0 is, in microseconds since the epoch: 2 s before the call's begin. Errors and threads as `cardhush_session_latency_ms`.
// Must hold: `us` leads to a place for a number.
cardhush_status cardhush_session_origin_us(struct cardhush_session *session,
                                           int64_t *us);

// From `now_us` on every run of spoken digits is masked: the agent asks for the card. What was said up to `wait_ms` before may go as well. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time; allocates nothing.
cardhush_status cardhush_session_arm(struct cardhush_session *session,
                                     uint64_t now_us);

// From `now_us` on spoken digits are masked as the configuration says. Errors and threads as `cardhush_session_arm`.
cardhush_status cardhush_session_disarm(struct cardhush_session *session, uint64_t now_us);

// Masks what was or will be said from `from_us` to `to_us`, microseconds since the epoch, on a channel or on `CARDHUSH_ALL_CHANNELS`; what of it has come out is told as exposed.
// `CARDHUSH_ERR_CHANNEL` where there is no such channel: all are masked then, so that a wrong name leaves nothing in. `CARDHUSH_ERR_VALUE` where `to_us` is not behind `from_us`; `CARDHUSH_ERR_HANDLE`, `_BUSY`,
// `_POISONED`, `_FINISHED`, `_PENDING`. One thread a session at a time; allocates nothing.
cardhush_status cardhush_session_mask(struct cardhush_session *session,
                                      uint64_t channel,
                                      uint64_t from_us,
                                      uint64_t to_us);

// A key was pressed on a channel from `from_us` to `to_us`, microseconds since the epoch, as signalling beside the packets tells (SIP INFO, the switch): masked with 40 ms round it whatever is heard, with the cause `event`, and
// with `linked` on the other channels where they are linked. Errors and threads as those of `cardhush_session_mask`; a channel that there is not, and `CARDHUSH_ALL_CHANNELS`, stand for all of them, masked as `manual`.
cardhush_status cardhush_session_signalled(struct cardhush_session *session,
                                           uint64_t channel,
                                           uint64_t from_us,
                                           uint64_t to_us);

// Spoils the session as a defect of cardhush would, as `cardhush_scrubber_poison` does: what waits in it does not come out.
// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time.
cardhush_status cardhush_session_poison(struct cardhush_session *session);

// Writes to `size` how many bytes of memory `cardhush_scan` needs, wherever they begin. Errors as those of `cardhush_scrubber_new`. Any thread.
// Must hold: `config` leads to as many bytes as its `struct_size` says, and `size` to a `size_t`.
cardhush_status cardhush_scan_size(const struct cardhush_config *config,
                                   size_t *size);

// Finds the digits of `frames` frames of interleaved samples, which are a whole call. The first `capacity` events go to `events`, those of each channel in order, and `count` says how many there are: where that is more
// than `capacity`, ask again with a longer array. `memory` is as much as `cardhush_scan_size` says, and is overwritten; NULL and 0 take it from the heap and give it back.
// `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_LENGTH` (more than memory can hold), `_MEMORY`, and the errors of `cardhush_scrubber_new`. Any thread; takes as long as it takes: not for the audio path.
// Must hold: `config` leads to as many bytes as its `struct_size` says, `memory` to `size`, `samples` to as many frames, `events` to `capacity` places and `count` to one.
cardhush_status cardhush_scan(const struct cardhush_config *config,
                              void *memory,
                              size_t size,
                              const void *samples,
                              size_t frames,
                              struct cardhush_event *events,
                              size_t capacity,
                              size_t *count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CARDHUSH_H */
