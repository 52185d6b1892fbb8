// The module: keeps card digits out of a PBX's recordings. A hook on a call hears both legs, and is the only one that writes the recording.
#ifndef CARDHUSH_HOOK_H
#define CARDHUSH_HOOK_H

#include "pbx.h"
#include <cardhush.h>

// The module's own, one a PBX: its settings, and memory for as many calls as may be recorded at one time.
struct cardhush_module;

// Makes the module when the PBX starts; nothing allocates after it. `settings` come from `cardhush_config_init`; `rate_hz` is the highest of any call, 48,000 at most.
// NULL where the library refuses, or where there is no memory: `status` says why.
struct cardhush_module *cardhush_module_load(const cardhush_config *settings, size_t calls, cardhush_status *status);

// All hooks are closed.
void cardhush_module_unload(struct cardhush_module *module);

// To be put on each call that is recorded, with the module as its argument. A call whose variable `cardhush_armed` is `true` begins armed.
extern const struct pbx_hook_type cardhush_hook_type;

#endif
