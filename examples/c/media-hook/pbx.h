// What a media hook sees of a PBX: a stand-in, written for this example, for FreeSWITCH's media bugs and Asterisk's audiohooks and framehooks, so that the
// hook compiles and runs without either. README.md has the table of what corresponds to what.
//
// The PBX promises that the callbacks of one hook come one at a time, on whichever threads, except `command`, which comes whenever somebody types it.
#ifndef PBX_H
#define PBX_H

#include <stddef.h>
#include <stdint.h>

// The legs of a call, as the channel that is recorded sees them: what is read from its party, and what is written to it.
enum pbx_leg { PBX_READ, PBX_WRITE };
#define PBX_LEGS 2

enum pbx_frame_kind {
    PBX_VOICE,     // samples
    PBX_SILENCE,   // none were sent for so long: comfort noise, discontinuous transmission, hold
    PBX_KEY_BEGIN, // a key went down, as signalling tells (RFC 4733, SIP INFO); what there is of it in the audio may have been muted, or not
    PBX_KEY_END    // it went up after `key_ms`; some PBX tell of this alone
};

// Some 20 ms of one leg. Real ones hold the digit of a key as well: the hook has no use for it, so it is not here.
struct pbx_frame {
    enum pbx_frame_kind kind;
    uint32_t rate_hz;      // of PBX_VOICE and PBX_SILENCE
    size_t samples;        // of PBX_VOICE and PBX_SILENCE
    const int16_t *data;   // of PBX_VOICE: linear, 16 bits, one channel; the live call's own, not to be written to
    uint32_t key_ms;       // of PBX_KEY_END
};

// What an operator, the dialplan or an agent's feature code asks of the hook in mid-call.
enum pbx_command {
    PBX_ARM,     // the agent asks for the card now
    PBX_DISARM,  // the agent has it
    PBX_REHEARSE // fail as if by a defect: a fire drill
};

// A call that is recorded.
struct pbx_call;

// A kind of hook, as a module registers it.
struct pbx_hook_type {
    const char *name;
    void *(*open)(void *module, struct pbx_call *call); // NULL: no hook, and so no recording
    void (*frame)(void *hook, enum pbx_leg leg, const struct pbx_frame *frame);
    void (*command)(void *hook, enum pbx_command command); // any thread, until `close` begins
    void (*close)(void *hook);
};

enum pbx_level { PBX_NOTICE, PBX_WARNING };

// What the PBX has to offer. None of it blocks: logs and recordings go through queues.
uint32_t pbx_rate(struct pbx_call *call);                               // of the recording, Hz
const char *pbx_variable(struct pbx_call *call, const char *name);      // NULL where it is not set
void pbx_record(struct pbx_call *call, const int16_t *stereo, size_t frames); // goes to the file: PBX_READ left, PBX_WRITE right
void pbx_log(struct pbx_call *call, enum pbx_level level, const char *line);

#endif
