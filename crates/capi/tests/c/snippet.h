/* What the pieces of C in docs/c-abi.md take for granted. */
static cardhush_status status;
static cardhush_config config;
static cardhush_session_config session_config;
static cardhush_scrubber *scrubber;
static cardhush_session *session;
static int16_t samples[2 * 160];
static size_t frames, size, rtp_size;
static uint64_t latency, now_us, start_us, start, end, customer, agent;
static const void *rtp, *recording;
static void *memory;

extern void log_line(const char *line);
extern void store(const void *bytes, size_t size, uint64_t token);
extern void write_audit(const cardhush_event *event);
extern void stop_recording(void);
